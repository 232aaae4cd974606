import type { Friends } from './friends.ts'
import type { ItemKind } from './kinds.ts'
import { fold, type Item } from './space.ts'

/** SQLite does not accept a condition with many hundred parts. */
export const maxConditions = 100

/** A condition that an item has to meet. */
export type Condition =
  /** Its name contains this, ignoring case. */
  | { by: 'name'; part: string }
  | { by: 'extension'; anyOf: readonly string[] }
  | { by: 'kind'; anyOf: readonly ItemKind[] }
  | { by: 'added'; fromSeconds: number; beforeSeconds: number }

export interface SearchQuery {
  /** The owner of the items: `me`, `shares` (what others share), `all`, or a user's name in lower case. */
  owner: string
  /** At most `maxConditions`. */
  conditions: readonly Condition[]
}

/** A found item and its owner. */
export interface FoundItem {
  item: Item
  ownerId: number
}

/** Finds the items that meet all conditions. */
export function search(friends: Friends, { owner, conditions }: SearchQuery): FoundItem[] {
  const parts = conditions.map(toSql)
  const condition = ['1', ...parts.map(({ sql }) => sql)].join(' AND ')
  const values = parts.flatMap((part) => part.values)
  return friends
    .searchable(owner)
    .flatMap(({ space, ownerId, sharedId }) =>
      space.search(condition, values, sharedId).map((item) => ({ item, ownerId })),
    )
}

function toSql(condition: Condition): { sql: string; values: (string | number)[] } {
  const oneOf = (column: string, values: readonly string[]) => ({
    sql: `${column} IN (${values.map(() => '?').join(', ')})`,
    values: [...values],
  })
  switch (condition.by) {
    case 'name':
      return { sql: 'instr(folded, ?) > 0', values: [fold(condition.part)] }
    case 'extension':
      return oneOf('extension', condition.anyOf)
    case 'kind':
      return oneOf('kind', condition.anyOf)
    case 'added':
      return {
        sql: 'created_at >= ? AND created_at < ?',
        values: [condition.fromSeconds, condition.beforeSeconds],
      }
    default:
      return condition satisfies never
  }
}
