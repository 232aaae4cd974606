import type { Order } from '../../core/space/order.ts'

/** Source: API v1 §5.3. The misspelling is Put.io's. */
const columns: Record<string, Order['by']> = {
  id: 'id',
  type: 'kind',
  name: 'name',
  extention: 'extension',
  extension: 'extension',
  createdat: 'added',
}

/** The order with this name; newest first for any other. */
export function orderOf(name: string | null): Order {
  const [, column = '', direction = ''] = /^([a-z]+)_(asc|desc)$/.exec(name ?? '') ?? []
  const by = Object.hasOwn(columns, column) ? columns[column] : undefined
  return by === undefined ? { by: 'added', isDescending: true } : { by, isDescending: direction === 'desc' }
}
