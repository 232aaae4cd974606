import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ChangedFileError, serveFile } from '../../../engine/disk/serve-range.ts'
import type { Core } from '../../core/core.ts'
import { Refusal } from '../../core/errors/refusal.ts'
import type { ReadableItem } from '../../core/space/friends.ts'
import { kindOf } from '../../core/space/kinds.ts'
import type { Item } from '../../core/space/space.ts'
import { type Visit, visit, visited } from '../../core/visit.ts'
import { logRequest } from '../../log/log.ts'
import { type Access, checkAccess, type MediaOptions } from './access.ts'
import { contentDisposition, refuse, safetyHeaders } from './headers.ts'
import type { MediaRoute } from './route.ts'

const denials: Record<Extract<Access, string>, [status: number, sentence: string, headers: Record<string, string>]> = {
  'wrong-token': [403, 'This link is not valid any more.', {}],
  'needs-password': [
    401,
    'A user name and password are needed.',
    { 'WWW-Authenticate': 'Basic realm="Put.io File Space"' },
  ],
  paused: [429, 'Too many wrong attempts. Please try again in a minute.', { 'Retry-After': '60' }],
}

/** Responds to a media URL with bytes, or with a short text on why not. */
export async function handleMedia(
  request: IncomingMessage,
  response: ServerResponse,
  options: MediaOptions,
): Promise<void> {
  const { route } = options
  response.once('close', () => logRequest(request, route, response.statusCode))
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return refuse(response, 405, 'Only GET and HEAD are possible here.')
  const access = await checkAccess(request, options)
  if (typeof access === 'string') return deny(response, access)
  const through = 'share' in access ? access : null
  const core = 'share' in access ? access.core : access
  endWithPermission(response, options, access)
  if (route.kind === 'stream-transfer') {
    const { serveTransferFile } = await import('./transfer-file.ts')
    return serveTransferFile(request, response, { core, route })
  }
  if (route.kind === 'stream-basket' && route.itemId.startsWith('z') && through === null)
    return serveSelection(request, response, { core, route })
  const found = through === null ? findItem(core, route) : findVisited(through, route)
  if (found === null) return refuse(response, 404, 'There is no such file.')
  const { item, space } = found
  if (item.kind === 'folder') {
    if (route.kind !== 'stream-basket') return refuse(response, 404, 'This is a folder; only its zip can be fetched.')
    const { itemsOf, serveZip } = await import('./zip.ts')
    return serveZip(request, response, { name: item.name, content: core.content, items: itemsOf(space, item) })
  }
  const { contentType } = kindOf(item.name)
  const headers = {
    ...safetyHeaders,
    'Content-Type': contentType,
    'Content-Disposition': disposition(item, route.kind === 'stream-file'),
  }
  const { content } = item
  if (content === null) return refuse(response, 404, 'There is no such file.')
  const setDamaged = (isDamaged: boolean) => {
    if (core.content.setDamaged(content, isDamaged)) space.touch()
  }
  try {
    await serveFile(request, response, {
      path: core.content.path(content),
      headers,
      expectedBytes: item.sizeBytes,
      etag: etagOf(content),
    })
    setDamaged(false)
  } catch (error) {
    const reason = damageReason(error)
    if (reason === null || response.headersSent) throw error
    setDamaged(true)
    core.report(new Error(`“${item.name}” cannot be given: ${reason}`, { cause: error }))
    refuse(response, 410, `“${item.name}” cannot be given: ${reason}. What is left was not changed.`)
  }
}

/** Responds with the zip of several items. */
async function serveSelection(
  request: IncomingMessage,
  response: ServerResponse,
  { core, route }: { core: Core; route: MediaRoute },
): Promise<void> {
  const [, id] = /^z(\d{1,9})$/.exec(route.itemId) ?? []
  const zip = id === undefined || route.userId !== `${core.account.userId}` ? null : core.zips.get(Number(id))
  if (zip === null) return refuse(response, 410, 'This zip is not there any more.')
  const { serveZip } = await import('./zip.ts')
  return serveZip(request, response, { name: 'Put.io', content: core.content, items: core.zips.items(zip) })
}

/** Content is never changed under its name, which is not told to those who only have a link. */
function etagOf(content: string): string {
  return `"${createHash('sha256').update(content).digest('hex').slice(0, 32)}"`
}

/** Why a content file is not as it was stored; null for any other error. */
function damageReason(error: unknown): string | null {
  if (error instanceof ChangedFileError) return `its content was changed on the disk, ${error.message}`
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'its content is missing on the disk'
  if (code === 'EISDIR' || code === 'ELOOP') return 'something else is in the place of its content'
  if (code === 'EACCES' || code === 'EPERM') return 'its content may not be read'
  return code === 'EIO' ? 'the disk cannot read its content' : null
}

function findItem(core: Core, route: MediaRoute): ReadableItem | null {
  if (!/^\d{1,15}$/.test(route.itemId)) return null
  try {
    const found = core.friends.read(Number(route.itemId))
    return route.userId === `${found.ownerId}` ? found : null
  } catch (error) {
    if (error instanceof Refusal) return null
    throw error
  }
}

/** A file or a folder behind a public link. */
function findVisited(through: Visit, { itemId, userId }: MediaRoute): ReadableItem | null {
  const item = /^\d{1,15}$/.test(itemId) ? visited(through, Number(itemId)) : null
  const { space } = through.core
  return item === null || userId !== `${through.share.userId}` ? null : { item, ownerId: through.share.userId, space }
}

/**
 * Ends a download within a second after what allowed it has ended: its public link, the sign-in of its app, or the share of a friend's
 * item.
 */
function endWithPermission(response: ServerResponse, { cores, route }: MediaOptions, access: Core | Visit): void {
  const { token, itemId } = route
  const isApp = token !== null && cores.tokens.findReader(token) !== null
  const isOfFriend = !('share' in access) && /^\d/.test(itemId) && route.userId !== `${access.account.userId}`
  const hasEnded = () => {
    if ('share' in access) {
      const now = visit(cores, access.share.token)
      return now === null || visited(now, Number(itemId)) === null
    }
    const isSignedOut = isApp && cores.tokens.findReader(token) === null
    return isSignedOut || (isOfFriend && findItem(access, route) === null)
  }
  if (response.destroyed || !('share' in access || isApp || isOfFriend)) return
  const timer = setInterval(() => {
    try {
      if (hasEnded()) response.destroy()
    } catch (error) {
      // What cannot be checked is not given.
      response.destroy()
      cores.report(error)
    }
  }, 1000)
  response.once('close', () => clearInterval(timer))
}

function disposition(item: Item, isStream: boolean): string {
  const isMedia = ['audio', 'movie', 'image'].includes(item.kind) && !/\.svg$/i.test(item.name)
  return contentDisposition(isMedia && isStream ? 'inline' : 'attachment', item.name)
}

function deny(response: ServerResponse, access: Extract<Access, string>): void {
  const [status, sentence, headers] = denials[access]
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  refuse(response, status, sentence)
}
