import type { Friends } from './friends.ts'
import { kindCode } from './kinds.ts'
import { Refusal } from './refusal.ts'
import { fold, type Item } from './space.ts'

/** SQLite takes no condition of many hundred parts. */
const maxWords = 100
const playsOnPhone = ['mp4', 'm4v', 'mov', 'mp3']

/** An item that was found, and whose it is. */
export interface FoundItem {
  item: Item
  ownerId: number
}

/** Finds items by free words and the operators `from:`, `type:`, `ext:` and `time:`, all of which must fit. Source: API v1 §5.5. */
export function search(friends: Friends, query: string): FoundItem[] {
  const conditions: string[] = ['1']
  const values: (string | number)[] = []
  let who = 'me'
  const add = (condition: string, ...its: (string | number)[]) => {
    conditions.push(condition)
    values.push(...its)
  }
  const words = parse(query)
  if (words.length > maxWords) throw new Refusal(`A search may have at most ${maxWords} words.`)
  for (const { operator, value } of words) {
    if (operator === '') add('instr(folded, ?) > 0', fold(value))
    else if (operator === 'from' && value !== '') who = value
    else if (value === 'all' || value === '') continue
    else if (operator === 'ext') add('extension = ?', value.replace(/^\./, ''))
    else if (operator === 'type' && value === 'iphone') {
      add(`extension IN (${playsOnPhone.map(() => '?').join(', ')})`, ...playsOnPhone)
    } else if (operator === 'type') add('kind = ?', kindCode(value) ?? -1)
    else if (operator === 'time') {
      const span = timeSpan(value, new Date())
      if (span === null) add('0')
      else add('created_at >= ? AND created_at < ?', ...span)
    }
  }
  return friends
    .searchable(who)
    .flatMap(({ space, ownerId, sharedId }) =>
      space.search(conditions.join(' AND '), values, sharedId).map((item) => ({ item, ownerId })),
    )
}

function parse(query: string): { operator: string; value: string }[] {
  const pattern = /(?:(from|type|ext|time):)?(?:'([^']*)'|(\S+))/gi
  return [...query.matchAll(pattern)].map(([, operator = '', quoted, bare = '']) => ({
    operator: operator.toLowerCase(),
    value: operator === '' ? (quoted ?? bare) : (quoted ?? bare).toLowerCase(),
  }))
}

/** From and to in epoch seconds: days of this computer, weeks from Monday. Source: API v1 §15, decision 12. */
function timeSpan(word: string, now: Date): [number, number] | null {
  const day = (offset: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + offset).getTime() / 1000
  switch (word) {
    case 'today':
      return [day(0), day(1)]
    case 'yesterday':
      return [day(-1), day(0)]
    case 'thisweek':
      return [day(-((now.getDay() + 6) % 7)), day(1)]
    case 'thismonth':
      return [day(1 - now.getDate()), day(1)]
    default:
      return null
  }
}
