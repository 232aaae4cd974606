import { itemKinds } from './kinds.ts'

/** The order of a listing. Ties are sorted by id, newest first. */
export interface Order {
  by: 'id' | 'kind' | 'name' | 'extension' | 'added'
  isDescending: boolean
}

const kindRank = `CASE kind ${itemKinds.map((kind, rank) => `WHEN '${kind}' THEN ${rank}`).join(' ')} END`
const sortColumns: Record<Order['by'], string[]> = {
  id: ['id'],
  kind: [kindRank],
  name: ['folded', 'name'],
  extension: ['extension'],
  added: ['created_at'],
}

/** The columns for `ORDER BY`. */
export function orderClause({ by, isDescending }: Order): string {
  const columns = sortColumns[by].map((column) => (isDescending ? `${column} DESC` : column))
  return [...columns, ...(by === 'id' ? [] : ['id DESC'])].join(', ')
}
