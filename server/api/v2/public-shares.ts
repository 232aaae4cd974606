import type { PublicShare } from '../../core/space/public-shares.ts'
import type { Item } from '../../core/space/space.ts'
import { type Visit, visit, visited } from '../../core/visit.ts'
import { tokenOf } from './access.ts'
import { readCursor } from './cursor.ts'
import { ApiError } from './error.ts'
import { fileType, fileWire, noExtras, type Owner } from './file-wire.ts'
import { idInPath, listingOf, page } from './files.ts'
import { type Call, type OpenCall, openRoute, type Route, route } from './method.ts'
import { checkOwn } from './selection.ts'
import { sharePage } from './share-page.ts'
import { toTime } from './times.ts'

/** Public links, for their owners and for visitors. Source: API v2 §13. */
export const publicShares: Route[] = [
  route('GET', '/v2/public_share/list', (call) => {
    const { core, cores } = call
    const there = cores.publicShares.list(core.account.userId).flatMap((share) => {
      const item = core.space.find(share.itemId)
      return item === null ? [] : shareWire(call, share, item)
    })
    return { public_shares: there }
  }),
  route('POST', '/v2/public_share/:id', (call) => {
    const { core, cores } = call
    const id = idInPath(call)
    if (id === 0) throw new ApiError(400, 'BadRequest', 'The root folder cannot have a public link.')
    checkOwn(core, id)
    return { public_share: shareWire(call, cores.publicShares.make(core.account.userId, id), core.space.get(id)) }
  }),
  route('DELETE', '/v2/public_share/:id', (call) => {
    if (!call.cores.publicShares.revoke(call.core.account.userId, idInPath(call)))
      throw new ApiError(404, 'NotFound', 'There is no such public link.')
    return {}
  }),

  openRoute('GET', '/v2/public_share', (call) => {
    const { share, core, top } = visitOf(call)
    return { public_share: shareWire({ ...call, core, isExtended: false }, share, top) }
  }),
  openRoute('GET', '/v2/public_share/files/list', async (call) => {
    const visit = visitOf(call)
    const item = inside(visit, call.params.number('parent_id') ?? visit.top.id)
    const visitor = asVisitor(call, visit)
    const { details } = visit.core.space
    const owner = ownerFor(visit)
    const parent = fileWire(visitor, details.get(item.id), owner)
    if (item.kind !== 'folder') return { files: [], parent, cursor: null }
    const listing = listingOf(call, item.id)
    return { ...(await page(visitor, { details, listing, after: null, owner, extras: noExtras })), parent }
  }),
  openRoute('POST', '/v2/public_share/files/list/continue', (call) => {
    const visit = visitOf(call)
    const { ownerId, listing, after } = readCursor(visit, call.params.required('cursor'), 'list')
    if (ownerId !== visit.share.userId || listing.folderId === null) throw nothing()
    inside(visit, listing.folderId)
    const { details } = visit.core.space
    return page(asVisitor(call, visit), { details, listing, after, owner: ownerFor(visit), extras: noExtras })
  }),
  openRoute('GET', '/v2/public_share/files/:id/url', (call) => {
    const visit = visitOf(call)
    const item = inside(visit, idInPath(call))
    if (item.kind === 'folder') throw new ApiError(400, 'NotFile', `“${item.name}” is not a file.`)
    return { url: visitUrl(call, visit, item) }
  }),
  openRoute('GET', '/share/:token', sharePage),
  openRoute('GET', '/share/:token/:id', sharePage),
]

/** Where a visitor can download a file. The token of the link opens nothing else. */
function visitUrl({ base }: Pick<OpenCall, 'base'>, { share }: Visit, { id }: Item): string {
  return `${base}/download-file/${share.userId}/${id}/atk/${share.token}`
}

function shareWire(call: Pick<Call, 'base' | 'core' | 'isExtended'>, share: PublicShare, { id, name, kind }: Item) {
  return {
    id: share.id,
    token: share.token,
    // Nothing is announced to visitors.
    push_token: '',
    created_at: toTime(share.createdAtSeconds),
    expiration_date: toTime(share.expiresAtSeconds),
    owner: { name: call.core.account.userName },
    user_file: { id, name, file_type: fileType(kind) },
    ...(call.isExtended && {
      putdesk: { page: `${call.base}/share/${share.token}` },
    }),
  }
}

/** What the link in a request opens. Throws a 401 if it has ended. */
function visitOf({ cores, request, params, noteFailure }: OpenCall): Visit {
  const token = tokenOf(request, params)
  const found = token === null ? null : visit(cores, token)
  if (found !== null) return found
  const seconds = token === null ? 0 : Math.ceil(noteFailure() / 1000)
  if (seconds === 0) throw new ApiError(401, 'invalid_grant', 'This link is not valid any more.')
  const sentence = `Too many wrong links. Please try again in ${seconds} seconds.`
  throw new ApiError(429, 'RATE_LIMIT_ERROR', sentence, { retry_after: seconds })
}

function inside(visit: Visit, id: number): Item {
  const item = visited(visit, id)
  if (item === null) throw nothing()
  return item
}

function nothing(): ApiError {
  return new ApiError(404, 'NotFound', 'There is no such item behind this link.')
}

function ownerFor({ core, top }: Visit): Owner {
  return {
    id: core.account.userId,
    friend: { name: core.account.userName, folderId: null, rootIds: new Set([top.id]) },
  }
}

/** A visitor gets nothing that only the owner may know. */
function asVisitor(call: OpenCall, { core, share }: Visit): Call {
  return { ...call, core, scope: 'files_download', tokenId: -1, readToken: share.token, isExtended: false }
}
