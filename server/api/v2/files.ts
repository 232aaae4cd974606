import type { Details, Listing, ListingOrder, Place } from '../../core/space/details.ts'
import type { ReadableItem } from '../../core/space/friends.ts'
import { extensionsOf } from '../../core/space/kinds.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { ApiError } from './error.ts'
import {
  type Extras,
  extrasOf,
  fileWire,
  kindsOf,
  noExtras,
  type Owner,
  ownerOf,
  sharedId,
  sharedRootWire,
} from './file-wire.ts'
import { keep } from './kept.ts'
import { type Call, type Route, route } from './method.ts'
import { addSums } from './sums.ts'

const maxPerPage = 1000
const defaultPerPage = 1000
/** Real searches with 300 characters fail. Source: API v2 §6. */
const maxQuery = 200

/** Source: API v2 §6. */
export const files: Route[] = [
  route('GET', '/v2/files/list', (call) => {
    const { params } = call
    const wanted = params.text('parent_id') ?? '0'
    if (!/^(?:\d{1,15}|-1|-2)$/.test(wanted)) throw new ApiError(400, 'BadRequest', 'There is no such folder.')
    const id = Number(wanted)
    if (id === sharedId) return listShared(call, null)
    return call.core.space.has(id) ? keep(call, () => list(call, id)) : list(call, id)
  }),
  route('POST', '/v2/files/list/continue', (call) => {
    const cursor = readCursor(call, call.params.required('cursor'), 'list', 'shared')
    if (cursor.kind === 'shared') return listShared(call, cursor.after)
    const { ownerId, listing, after } = cursor
    const { core } = call
    const folder = listing.folderId === null ? null : core.friends.read(listing.folderId)
    if (folder !== null && folder.ownerId !== ownerId)
      throw new ApiError(404, 'NotFound', 'The folder is not there any more.')
    const details = (folder?.space ?? core.space).details
    return page(call, { details, listing, after, owner: ownerOf(core, { ownerId }) })
  }),
  ...['/v2/files/list/items-shared-with-you', '/v2/files/items-shared-with-you'].map((path) =>
    route('GET', path, (call) => listShared(call, null)),
  ),
  route('GET', '/v2/files/search', (call) => {
    const query = call.params.required('query')
    return search(call, query, Number.MAX_SAFE_INTEGER)
  }),
  route('POST', '/v2/files/search/continue', (call) => {
    const { query, after } = readCursor(call, call.params.required('cursor'), 'search')
    return search(call, query, after)
  }),
  route('GET', '/v2/files/search/:query/page/:page', (call) => {
    const { query = '', page: number = '' } = call.path
    if (!/^[1-9]\d{0,5}$/.test(number)) throw new ApiError(400, 'BadRequest', 'There is no such page.')
    return searchPage(call, query, Number(number))
  }),
  route('GET', '/v2/files/:id', async (call) => {
    const found = readable(call)
    const item = found.space.details.get(found.item.id)
    const [summed = item] = await addSums(call, [item])
    return { file: fileWire(call, summed, ownerOf(call.core, found), extrasOf(call.params)) }
  }),
  route('GET', '/v2/files/:id/child', async (call) => {
    const folder = readable(call)
    const name = call.params.required('name')
    const item = folder.space.details.child(folder.item.id, name)
    if (item === null) throw new ApiError(404, 'NotFound', 'There is no item with this name here.')
    const [summed = item] = await addSums(call, [item])
    return { file: fileWire(call, summed, ownerOf(call.core, folder), extrasOf(call.params)) }
  }),
]

/** The id in a path. Throws a 404 for anything else. */
export function idInPath({ path }: Pick<Call, 'path'>): number {
  const id = path.id ?? ''
  if (!/^\d{1,15}$/.test(id)) throw new ApiError(404, 'NotFound', 'There is nothing at this address.')
  return Number(id)
}

/** The item in a request's path: one's own, or one that a friend shares. */
export function readable(call: Call): ReadableItem {
  return call.core.friends.read(idInPath(call))
}

/** The number of items on a page. Throws a 400 for more than are possible. */
export function perPage({ params }: Pick<Call, 'params'>): number {
  const number = params.number('per_page') ?? defaultPerPage
  if (number < 1 || number > maxPerPage)
    throw new ApiError(400, 'BadRequest', `A page has from 1 to ${maxPerPage} items.`)
  return number
}

async function list(call: Call, folderId: number) {
  const { core, params } = call
  const found = folderId === -1 ? null : core.friends.read(folderId)
  const owner = ownerOf(core, found ?? { ownerId: core.account.userId })
  const { details } = found?.space ?? core.space
  const parent = found === null ? null : fileWire(call, details.get(folderId), owner, extrasOf(params, '_parent'))
  const listing = listingOf(call, found === null ? null : folderId)
  const breadcrumbs = found !== null && params.flag('breadcrumbs') ? { breadcrumbs: crumbsOf(found, owner) } : {}
  if (found !== null && found.item.kind !== 'folder') {
    perPage(call)
    return { files: [], parent, cursor: null, ...(params.flag('total') && { total: 0 }), ...breadcrumbs }
  }
  return { ...(await page(call, { details, listing, after: null, owner })), parent, ...breadcrumbs }
}

interface ToList {
  details: Details
  listing: Listing
  after: Place | null
  owner: Owner
  /** What is asked for besides the usual fields; by default, what the request says. Null for nothing. */
  extras?: Extras | null
}

/** A page of a listing. */
export async function page(call: Call, { details, listing, after, owner, ...options }: ToList) {
  const { params } = call
  const { items, last } = details.page(listing, after, perPage(call))
  const { extras = extrasOf(params) } = options
  const own = { ...noExtras, ...extras, hasCodecs: false, hasMediaInfo: false }
  const hasExtras = extras !== null && Object.values(own).includes(true)
  const summed = await addSums(call, items)
  return {
    files: summed.map((item) => fileWire(call, item, owner, hasExtras ? own : null)),
    parent: null,
    cursor:
      last === null || params.flag('no_cursor')
        ? null
        : writeCursor(call, { kind: 'list', ownerId: owner.id, listing, after: last }),
    ...(params.flag('total') && { total: details.count(listing) }),
  }
}

const orders: Record<string, ListingOrder['by']> = {
  NAME: 'name',
  SIZE: 'size',
  DATE: 'added',
  MODIFIED: 'updated',
  TYPE: 'kind',
  WATCH: 'opened',
}

/** The order with a name such as `SIZE_DESC`. Throws a 400 for any other. */
export function orderOf(name: string): ListingOrder {
  const [, column = '', direction] = /^([A-Z]+)_(ASC|DESC)$/.exec(name) ?? []
  const by = Object.hasOwn(orders, column) ? orders[column] : undefined
  if (by === undefined) throw new ApiError(400, 'BadRequest', 'There is no such order.')
  return { by, isDescending: direction === 'DESC' }
}

/** A listing as a request wants it. Where a user asks, a folder's saved order counts. */
export function listingOf(
  { core, params }: Pick<Call, 'params'> & Partial<Pick<Call, 'core'>>,
  folderId: number | null,
): Listing {
  const saved = folderId === null ? null : (core?.sortOrders.get(folderId) ?? null)
  const order = orderOf(params.text('sort_by') ?? saved ?? 'NAME_ASC')
  const contentType = params.text('content_type')
  return {
    folderId,
    kinds: kindsOf(params.text('file_type')),
    extensions: contentType === null ? null : extensionsOf(contentType),
    order,
  }
}

/** The folders around an item, the root first. */
function crumbsOf({ item, space }: ReadableItem, { friend }: Owner): [number, string][] {
  const ids = space.ancestors(item.id)
  const from = friend === null ? -1 : ids.findIndex((id) => friend.rootIds.has(id))
  const shown = friend === null ? ids : ids.slice(0, from + 1)
  const crumbs = shown
    .reverse()
    .map((id): [number, string] => [id, friend?.folderId === id ? friend.name : space.get(id).name])
  if (item.parentId === null) return []
  const root = space.get(0)
  return [friend === null ? [0, root.name] : [sharedId, 'Items shared with you'], ...crumbs]
}

/** What friends share, in the order of the items' ids. */
async function listShared(call: Call, after: number | null) {
  const { core, params } = call
  const size = perPage(call)
  const all = core.friends
    .others()
    .flatMap(({ id: ownerId }) => {
      const owner = ownerOf(core, { ownerId })
      return [...(owner.friend?.rootIds ?? [])].map((id) => ({ id, owner }))
    })
    .sort((a, b) => a.id - b.id)
  const left = all.filter(({ id }) => id > (after ?? -1))
  const shown = left.slice(0, size)
  const last = shown.at(-1)
  const items = await addSums(
    call,
    shown.map(({ id }) => core.friends.read(id).space.details.get(id)),
  )
  return {
    files: shown.flatMap(({ owner }, index) => {
      const item = items[index]
      return item === undefined ? [] : fileWire(call, item, owner)
    }),
    parent: sharedRootWire(call),
    cursor: left.length > size && last !== undefined ? writeCursor(call, { kind: 'shared', after: last.id }) : null,
    ...(params.flag('total') && { total: all.length }),
    ...(params.flag('breadcrumbs') && { breadcrumbs: [[0, core.space.get(0).name]] }),
  }
}

/** The ids of what a query finds, newest first. */
export function found({ core }: Pick<Call, 'core'>, query: string): number[] {
  if (query.length > maxQuery)
    throw new ApiError(400, 'SEARCH_TOO_LONG_QUERY', `A search may have at most ${maxQuery} characters.`)
  const words = query.split(/\s+/).filter((word) => word !== '')
  if (words.length === 0) throw new ApiError(400, 'BadRequest', 'The query is empty.')
  return core.space.details.matching(words)
}

async function search(call: Call, query: string, after: number) {
  const ids = found(call, query)
  const size = perPage(call)
  const start = ids.findIndex((id) => id < after)
  const shown = start === -1 ? [] : ids.slice(start, start + size)
  const last = shown.at(-1)
  const hasMore = last !== undefined && last !== ids.at(-1)
  return {
    files: await itemsOf(call, shown),
    cursor: hasMore ? writeCursor(call, { kind: 'search', query, after: last }) : null,
    total: ids.length,
  }
}

/** As old clients page. */
async function searchPage(call: Call, query: string, number: number) {
  const ids = found(call, query)
  const size = perPage(call)
  const shown = ids.slice((number - 1) * size, number * size)
  const next = `${call.base}/v2/files/search/${encodeURIComponent(query)}/page/${number + 1}`
  return {
    files: await itemsOf(call, shown),
    cursor: null,
    total: ids.length,
    next: number * size < ids.length ? next : null,
  }
}

async function itemsOf(call: Call, ids: readonly number[]) {
  const { core, params } = call
  const owner = ownerOf(core, { ownerId: core.account.userId })
  const items = await addSums(
    call,
    ids.map((id) => core.space.details.get(id)),
  )
  return items.map((item) => fileWire(call, item, owner, extrasOf(params)))
}
