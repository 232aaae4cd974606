import type { ReadableItem } from '../../core/space/friends.ts'
import type { ItemKind } from '../../core/space/kinds.ts'
import { ApiError } from './error.ts'
import { contentUrl, kindsOf } from './file-wire.ts'
import { idInPath, readable } from './files.ts'
import { type Call, type Result, type Route, route } from './method.ts'
import { checkOwn } from './selection.ts'

const download = { access: 'download' } as const
/** Longer than any film. */
const maxStartFrom = 10_000_000

/** How files are read and played. Source: API v2 §7. */
export const downloads: Route[] = [
  route('GET', '/v2/files/:id/url', (call) => ({ url: urlOf(call, readableFile(call), 'download-file') }), download),
  ...['/v2/files/:id/download', '/v2/files/:id/download/:name'].map((path) =>
    route('GET', path, (call) => redirect(call, 'download-file'), download),
  ),
  ...['/v2/files/:id/stream', '/v2/files/:id/stream/:name', '/v2/files/:id/stream.mp3'].map((path) =>
    route('GET', path, (call) => redirect(call, 'stream-file'), download),
  ),
  route('GET', '/v2/files/:id/xspf', playlist, download),
  route('GET', '/v2/files/:id/next-file', (call) => ({
    next_file: nextOf(call, kindsOf(call.params.text('file_type')) ?? ['movie']),
  })),
  route('GET', '/v2/files/:id/next-video', (call) => ({ next_video: nextOf(call, ['movie']) })),

  // Films are not converted.
  route('GET', '/v2/files/:id/mp4', (call) => ({ mp4: { id: readableFile(call).item.id, status: 'NOT_AVAILABLE' } })),
  route('POST', '/v2/files/:id/mp4', (call) => {
    readableFile(call)
    throw new ApiError(400, 'INVALID_MEDIA', 'This service does not convert films.')
  }),
  route('DELETE', '/v2/files/:id/mp4', noMp4),
  ...['/v2/files/:id/mp4/stream', '/v2/files/:id/mp4/download', '/v2/files/:id/mp4/download/:name'].map((path) =>
    route('GET', path, noMp4, download),
  ),
  route('GET', '/v2/mp4/queue', () => ({ mp4s: [] })),

  route('GET', '/v2/files/:id/start-from', (call) => ({ start_from: startFrom(call) ?? 0 })),
  ...['/v2/files/:id/start-from', '/v2/files/:id/start-from/set'].map((path) =>
    route('POST', path, (call) => {
      startFrom(call)
      const [, seconds] = /^(\d{1,15})(?:\.\d+)?$/.exec(call.params.required('time')) ?? []
      if (seconds === undefined || Number(seconds) > maxStartFrom)
        throw new ApiError(400, 'BadRequest', 'The parameter “time” is not a time in a film.')
      call.core.space.details.setStartFrom(idInPath(call), Number(seconds))
      return {}
    }),
  ),
  ...(['POST', 'GET'] as const).map((verb) =>
    route(verb, '/v2/files/:id/start-from/delete', (call) => {
      startFrom(call)
      call.core.space.details.setStartFrom(idInPath(call), null)
      return {}
    }),
  ),
]

/** The file in a request's path. Throws a 400 for a folder. */
export function readableFile(call: Call): ReadableItem {
  const found = readable(call)
  if (found.item.kind === 'folder') throw new ApiError(400, 'NotFile', `“${found.item.name}” is not a file.`)
  return found
}

function urlOf(call: Call, { item, ownerId, space }: ReadableItem, kind: 'stream-file' | 'download-file'): string {
  if (space.details.get(item.id).openedAtSeconds === null && call.request.method === 'GET')
    space.details.noteOpened(item.id)
  return contentUrl(call, { ownerId, id: item.id }, kind)
}

function redirect(call: Call, kind: 'stream-file' | 'download-file'): Result {
  const url = urlOf(call, readableFile(call), kind)
  call.response.writeHead(302, { Location: url, 'Content-Length': 0, 'Cache-Control': 'no-store' }).end()
  return null
}

function noMp4(call: Call): Result {
  readableFile(call)
  throw new ApiError(404, 'MP4_NOT_FOUND', 'This service does not convert films.')
}

/** How far one's own file was played. */
function startFrom(call: Call): number | null {
  const { core } = call
  const { item } = readableFile(call)
  checkOwn(core, item.id)
  return core.space.details.get(item.id).startFromSeconds
}

/** The file after this one in its folder, in natural order; null for the last one. */
function nextOf(call: Call, kinds: readonly ItemKind[]) {
  const { item, space } = readableFile(call)
  const { compare } = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })
  const isAfter = (a: { name: string; id: number }, b: { name: string; id: number }) =>
    (compare(a.name, b.name) || a.id - b.id) > 0
  const parentId = item.parentId ?? 0
  let next: { id: number; name: string } | null = null
  for (const other of space.details.names(parentId, kinds))
    if (isAfter(other, item) && (next === null || isAfter(next, other))) next = other
  return next === null ? null : { ...next, parent_id: parentId }
}

/** A playlist of one film. Source: XSPF version 1. */
function playlist(call: Call): Result {
  const found = readableFile(call)
  if (found.item.kind !== 'movie' && found.item.kind !== 'audio')
    throw new ApiError(400, 'INVALID_MEDIA', `“${found.item.name}” cannot be played.`)
  const [title, location] = [found.item.name, urlOf(call, found, 'stream-file')].map(escapeXml)
  const bytes = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>
<playlist version="1" xmlns="http://xspf.org/ns/0/">
  <trackList>
    <track><location>${location}</location><title>${title}</title></track>
  </trackList>
</playlist>
`)
  call.response.writeHead(200, {
    'Content-Type': 'application/xspf+xml',
    'Content-Length': bytes.length,
    'Content-Disposition': 'attachment; filename="playlist.xspf"',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  })
  call.response.end(bytes)
  return null
}

/** XML cannot contain most control characters at all. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/\p{Cc}|[\ufffe\uffff]/gu, '\ufffd')
    .replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
