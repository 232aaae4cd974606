import { Refusal } from '../../core/errors/refusal.ts'
import { type Condition, maxConditions, type SearchQuery } from '../../core/space/search.ts'
import { kindOfWord } from './kinds.ts'

const playsOnPhone = ['mp4', 'm4v', 'mov', 'mp3']

/**
 * Parses words and the operators `from:`, `type:`, `ext:` and `time:`, all of which must match. Source: API v1 §5.5.
 */
export function readSearchQuery(query: string): SearchQuery {
  const words = parse(query)
  if (words.length > maxConditions) throw new Refusal(`A search may have at most ${maxConditions} words.`)
  const owners = words.flatMap(({ operator, value }) => (operator === 'from' && value !== '' ? [value] : []))
  return { owner: owners.at(-1) ?? 'me', conditions: words.flatMap((word) => toCondition(word) ?? []) }
}

interface Word {
  operator: string
  value: string
}

function parse(query: string): Word[] {
  const pattern = /(?:(from|type|ext|time):)?(?:'([^']*)'|(\S+))/gi
  return [...query.matchAll(pattern)].map(([, operator = '', quoted, bare = '']) => ({
    operator: operator.toLowerCase(),
    value: operator === '' ? (quoted ?? bare) : (quoted ?? bare).toLowerCase(),
  }))
}

/** Null for a word that every item matches. */
function toCondition({ operator, value }: Word): Condition | null {
  if (operator === '') return { by: 'name', part: value }
  if (operator === 'from' || value === 'all' || value === '') return null
  if (operator === 'ext') return { by: 'extension', anyOf: [value.replace(/^\./, '')] }
  if (operator === 'type' && value === 'iphone') return { by: 'extension', anyOf: playsOnPhone }
  if (operator === 'type') return { by: 'kind', anyOf: [kindOfWord(value)].filter((kind) => kind !== null) }
  const [fromSeconds, beforeSeconds] = timeSpan(value, new Date())
  return { by: 'added', fromSeconds, beforeSeconds }
}

/**
 * A range in epoch seconds: local days, weeks from Monday. Empty for an unknown word. Source: API v1 §15, decision 12.
 */
function timeSpan(word: string, now: Date): [number, number] {
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
      return [0, 0]
  }
}
