import { Refusal } from '../../core/errors/refusal.ts'
import { search } from '../../core/space/search.ts'
import type { Item } from '../../core/space/space.ts'
import { kindOfWord } from './kinds.ts'
import { createListings } from './listings.ts'
import type { Call, Method } from './method.ts'
import { orderOf } from './orders.ts'
import { readSearchQuery } from './search-query.ts'
import { itemWire } from './wire.ts'

const defaultLimit = 20
/** Old clients request the same folder again and again. Source: API v1 §14. */
const listings = createListings()

/** Source: API v1 §5. */
export const files: Record<string, Method> = {
  list: (call) => {
    const { params, core } = call
    const id = params.number('id', -1)
    if (id !== -1) return [read(call, id)]
    const type = params.text('type')
    const kind = kindOfWord(type ?? '')
    const folder = core.friends.read(params.number('parent_id', 0))
    const page = {
      offset: params.number('offset', 0),
      limit: params.number('limit', defaultLimit),
      kinds: type === null || type === '' || type === 'all' ? null : kind === null ? [] : [kind],
      order: orderOf(params.text('orderby')),
    }
    const key = JSON.stringify([folder.item.id, page, call.base])
    return listings.get(folder.space, key, () =>
      folder.space.list(folder.item.id, page).map((item) => wire(call, item, folder.ownerId)),
    )
  },
  create_dir: (call) => {
    const { params, core } = call
    return [wire(call, core.space.createFolder(params.text('name') ?? 'New Folder', params.number('parent_id', 0)))]
  },
  info: (call) => [read(call, call.params.id('id'))],
  rename: (call) => {
    const name = call.params.text('name')
    if (name === null) throw new Refusal('The parameter “name” is missing.')
    return [wire(call, call.core.space.rename(call.params.id('id'), name))]
  },
  move: (call) => {
    const { core, params } = call
    return core.space.move([params.id('id')], params.number('parent_id', 0)).map((item) => wire(call, item))
  },
  /** For good: an API v1 client has no trash that it could empty to make room. */
  delete: ({ params, core }) => {
    core.space.remove([params.id('id')])
    return []
  },
  search: (call) => {
    const query = call.params.text('query')
    if (query === null) throw new Refusal('The parameter “query” is missing.')
    return search(call.core.friends, readSearchQuery(query)).map(({ item, ownerId }) => wire(call, item, ownerId))
  },
  dirmap: ({ core }) => folderTree(core.space.get(0), core.space.folders()),
}

/** An item of the user's own, or one that a friend shares. */
function read(call: Call, itemId: number) {
  const { item, ownerId } = call.core.friends.read(itemId)
  return wire(call, item, ownerId)
}

function wire({ base, core }: Call, item: Item, userId = core.account.userId) {
  return itemWire(item, { base, userId })
}

/** Leaves have an empty `dirs`, never null. Source: API v1 §5.6. */
function folderTree(root: Item, folders: Item[]): Record<string, unknown> {
  const make = ({ id, name, parentId }: Item) => {
    const dirs: Record<string, unknown>[] = []
    const parent = parentId === null ? null : `${parentId}`
    return { dirs, shared: null, id: `${id}`, name, default_shared: null, parent_id: parent }
  }
  const nodes = new Map([root, ...folders].map((folder) => [folder.id, make(folder)]))
  for (const { id, parentId } of folders) {
    const node = nodes.get(id)
    if (node !== undefined) nodes.get(parentId ?? 0)?.dirs.push(node)
  }
  return nodes.get(root.id) ?? make(root)
}
