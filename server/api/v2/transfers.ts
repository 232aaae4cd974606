import type { Core } from '../../core/core.ts'
import { NotFound } from '../../core/errors/refusal.ts'
import { kindOf } from '../../core/space/kinds.ts'
import { unfetchableReason } from '../../core/transfers/links.ts'
import type { Transfer } from '../../core/transfers/transfer.ts'
import type { FinishedTransfer } from '../../core/transfers/transfer-rows.ts'
import { keepSecret } from '../../log/secrets.ts'
import { ApiError } from './error.ts'
import { fileType } from './file-wire.ts'
import type { Call, Result, Route } from './method.ts'
import { route } from './method.ts'
import { defaultFolderOf } from './settings.ts'
import { linksInfo } from './transfer-info.ts'
import { finishedWire, transferWire } from './transfer-wire.ts'

const maxPerPage = 1000
const maxLinks = 1000

/** Source: API v2 §9, §10. */
export const transfers: Route[] = [
  route('GET', '/v2/transfers/list', (call) => page(call, null)),
  route('POST', '/v2/transfers/list/continue', (call) => page(call, readCursor(call.params.required('cursor')))),
  route('GET', '/v2/transfers/count', ({ core }) => ({ count: core.transfers.list().length })),
  route('POST', '/v2/transfers/info', linksInfo),
  route('POST', '/v2/transfers/add', add),
  route('POST', '/v2/transfers/add-multi', addMulti),
  route('POST', '/v2/transfers/cancel', cancel),
  route('POST', '/v2/transfers/clean', ({ core, params }) => ({
    deleted_ids: clean(core, params.ids('transfer_ids')),
  })),
  route('POST', '/v2/transfers/remove', remove),
  route('POST', '/v2/transfers/retry', retry),
  route('POST', '/v2/transfers/reannounce', reannounce),
  route('POST', '/v2/transfers/add-trackers/:id', addTrackers),
  route('POST', '/v2/transfers/stop-recording', ({ core, params }) => {
    requireTransfer(core, params.id('transfer_id'))
    throw new ApiError(400, 'NOT_RECORDING', 'This transfer is no recording.')
  }),
  route('GET', '/v2/transfers/:id', (call) => {
    const id = pathId(call)
    const active = findActive(call.core, id)
    if (active !== null) return { transfer: transferWire(call, active) }
    return { transfer: finishedWire(call, requireFinished(call.core, id)) }
  }),
  route('GET', '/v2/transfers/:id/torrent', torrent),
  route('GET', '/v2/transfers/:id/files', files),
]

/** The list is in the order in which transfers were added, the newest first. A cursor is the id of the last one before. */
function page(call: Call, before: number | null): Result {
  const { core, cores, params, isExtended } = call
  const perPage = params.number('per_page') ?? maxPerPage
  if (perPage < 1 || perPage > maxPerPage)
    throw new ApiError(400, 'INVALID_PER_PAGE', `A page has 1 to ${maxPerPage} transfers.`)
  const rows = [
    ...core.transfers.list().map((transfer) => ({ id: transfer.id, write: () => transferWire(call, transfer) })),
    ...finishedOf(call).map((transfer) => ({ id: transfer.id, write: () => finishedWire(call, transfer) })),
  ].sort((a, b) => b.id - a.id)
  const rest = before === null ? rows : rows.filter(({ id }) => id < before)
  const shown = rest.slice(0, perPage)
  const last = shown.at(-1)
  return {
    transfers: shown.map(({ write }) => write()),
    cursor: last !== undefined && rest.length > shown.length ? writeCursor(last.id) : null,
    ...(params.flag('total') && { total: rows.length }),
    ...(isExtended && { putdesk: { tick: cores.ticks.count } }),
  }
}

/** Our own client asks again and again, and only wants those that have finished since the last time. */
function finishedOf({ core, params, isExtended }: Call): FinishedTransfer[] {
  const notices = isExtended ? core.messages.noticesOnTransfers() : null
  const finished = core.transfers.finished().map((one) => ({ ...one, note: notices?.get(one.id) ?? one.note }))
  const after = isExtended ? params.number('finished_after') : null
  return after === null ? finished : finished.filter(({ finishedAtSeconds }) => finishedAtSeconds >= after)
}

function writeCursor(id: number): string {
  return Buffer.from(`transfers before ${id}`).toString('base64url')
}

/** Throws a 400 for anything that is no cursor of this list. */
function readCursor(text: string): number {
  const id = /^transfers before (\d{1,15})$/.exec(Buffer.from(text, 'base64url').toString())?.[1]
  if (id === undefined) throw new ApiError(400, 'BadRequest', 'The cursor is not valid.')
  return Number(id)
}

function pathId({ path }: Call): number {
  if (!/^\d{1,15}$/.test(path.id ?? '')) throw new NotFound('There is no such transfer.')
  return Number(path.id)
}

function findActive(core: Core, id: number): Transfer | null {
  return core.transfers.list().find((transfer) => transfer.id === id) ?? null
}

function requireFinished(core: Core, id: number) {
  const found = core.transfers.finished().find((transfer) => transfer.id === id)
  if (found === undefined) throw new ApiError(404, 'TRANSFER_NOT_FOUND', `There is no transfer with the id ${id}.`)
  return found
}

function requireTransfer(core: Core, id: number): Transfer | null {
  const active = findActive(core, id)
  if (active === null) requireFinished(core, id)
  return active
}

function add(call: Call): Result {
  const { core, params } = call
  const url = params.text('url')?.trim() ?? ''
  if (url === '') throw new ApiError(400, 'EMPTY_URL', 'There is no link to add.')
  const reason = unfetchableReason(url)
  if (reason !== null) throw new ApiError(400, 'BadRequest', reason)
  const [added] = core.transfers.add([url], params.number('save_parent_id') ?? defaultFolderOf(core))
  if (added === undefined) throw new ApiError(400, 'BadRequest', 'This link cannot be fetched.')
  return { transfer: transferWire(call, added) }
}

/** Those that cannot be added do not keep the others from being added. */
function addMulti(call: Call): Result {
  const { core } = call
  const wanted = readLinks(call)
  const errors: { url: string; status_code: number; error_type: string; error_message: string }[] = []
  const byFolder = new Map<number, string[]>()
  for (const { url, folderId } of wanted) {
    const folder = folderId ?? defaultFolderOf(core)
    const [type, reason] =
      url === ''
        ? ['EMPTY_URL', 'There is no link to add.']
        : core.space.find(folder)?.kind !== 'folder'
          ? ['NotFound', `There is no folder with the id ${folder}.`]
          : ['BadRequest', unfetchableReason(url)]
    if (reason === null) byFolder.set(folder, [...(byFolder.get(folder) ?? []), url])
    else errors.push({ url, status_code: type === 'NotFound' ? 404 : 400, error_type: type, error_message: reason })
  }
  // The parts of an archive become one transfer.
  const added = [...byFolder].flatMap(([folderId, links]) => core.transfers.add(links, folderId))
  return { transfers: added.map((transfer) => transferWire(call, transfer)), errors }
}

/** JSON text of a list, or in a JSON body the list itself. Throws a 400 for anything else. */
function readLinks({ params }: Call): { url: string; folderId: number | null }[] {
  const raw = params.raw('urls')
  const list = typeof raw === 'string' ? parse(raw) : raw
  if (!Array.isArray(list)) throw new ApiError(400, 'BadRequest', 'The parameter “urls” is not a list of links.')
  if (list.length > maxLinks)
    throw new ApiError(403, 'TOO_MANY_URLS', `At most ${maxLinks} links can be added at once.`, { limit: maxLinks })
  return list.map((entry: unknown) => {
    const { url, save_parent_id: folder }: Record<string, unknown> = Object(entry)
    const isId = /^\d{1,15}$/.test(`${folder}`)
    return { url: typeof url === 'string' ? url.trim() : '', folderId: isId ? Number(folder) : null }
  })
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return null
  }
}

/** One that is not there is no error: it may have been cancelled before. */
function cancel({ core, params }: Call): Result {
  const ids = params.ids('transfer_ids') ?? [params.id('transfer_id')]
  const active = new Set(core.transfers.list().map(({ id }) => id))
  core.transfers.cancel(ids.filter((id) => active.has(id)))
  core.transfers.forget(ids)
  return {}
}

/** Takes finished transfers off the list, and failed ones that are named. */
function clean(core: Core, ids: readonly number[] | null): number[] {
  const named = new Set(ids)
  const failed = core.transfers.list().flatMap(({ id, status }) => (status === 'error' && named.has(id) ? [id] : []))
  core.transfers.cancel(failed)
  return [...core.transfers.forget(ids), ...failed]
}

function remove({ core, params }: Call): Result {
  const filter = params.text('remove_filter')
  if (filter === 'completed') core.transfers.forget(null)
  else if (filter === 'all') {
    core.transfers.cancel(core.transfers.list().map(({ id }) => id))
    core.transfers.forget(null)
  } else if (filter === null) {
    const ids = params.ids('transfer_ids')
    if (ids === null) throw new ApiError(400, 'BadRequest', 'The parameter “transfer_ids” is missing.')
    const active = new Set(core.transfers.list().map(({ id }) => id))
    core.transfers.cancel(ids.filter((id) => active.has(id)))
    core.transfers.forget(ids)
  } else throw new ApiError(400, 'BadRequest', 'The parameter “remove_filter” is not “all” or “completed”.')
  return {}
}

/** A transfer that has not failed stays as it is. Our own client can give a password, or say that nothing is to be unpacked. */
function retry(call: Call): Result {
  const { core, params } = call
  const id = params.id('id')
  const transfer = findActive(core, id)
  if (transfer === null) return { transfer: finishedWire(call, requireFinished(core, id)) }
  if (transfer.status !== 'error' && transfer.stage !== 'undelivered') return { transfer: transferWire(call, transfer) }
  const password = params.text('password')
  keepSecret(password)
  return {
    transfer: transferWire(call, core.transfers.retry(id, { password, isUnpacked: params.text('unpack') !== 'false' })),
  }
}

function reannounce({ core, params }: Call): Result {
  const transfer = requireTransfer(core, params.id('id'))
  if (transfer?.kind !== 'torrent') throw new ApiError(400, 'BadRequest', 'Only torrents have trackers.')
  core.transfers.announce(transfer.id)
  return {}
}

function addTrackers(call: Call): Result {
  const { core, params } = call
  const transfer = requireTransfer(core, pathId(call))
  if (params.text('trackers') === null) throw new ApiError(400, 'NO_TRACKERS', 'There are no trackers to add.')
  if (transfer?.kind !== 'torrent')
    throw new ApiError(400, 'TORRENT_NOT_ACTIVE', 'Trackers can only be added to torrents that are being fetched.')
  throw new ApiError(400, 'BadRequest', 'This service cannot add trackers: add a magnet link that has them.')
}

function torrent(call: Call): Result {
  const { core, response } = call
  const transfer = requireTransfer(core, pathId(call))
  if (transfer?.kind !== 'torrent') throw new ApiError(400, 'NOT_TORRENT', 'There is no torrent file of this transfer.')
  const bytes = core.transfers.torrentFile(transfer.id)
  if (bytes === null) throw new ApiError(400, 'IS_MAGNET', 'The torrent file is not known yet.')
  response.writeHead(200, {
    'Content-Type': 'application/x-bittorrent',
    'Content-Length': bytes.length,
    'Content-Disposition': `attachment; filename="${transfer.id}.torrent"`,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  })
  response.end(bytes)
  return null
}

/** Our own: the films and sounds of a transfer that can be played although it is still being fetched. */
function files(call: Call): Result {
  const { core, base, readToken } = call
  const id = pathId(call)
  const { userId } = core.account
  return {
    files: core.transfers.files.list(id).map(({ index, name, sizeBytes, itemId }) => ({
      index,
      name,
      type: fileType(kindOf(name).kind),
      size: sizeBytes,
      item_id: itemId,
      stream_url: `${base}/stream-transfer/${userId}/${id}-${index}/atk/${readToken}`,
    })),
  }
}
