import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Core } from '../../core/core.ts'
import type { Transfer } from '../../core/transfers/transfer.ts'
import { UploadBusy, UploadTooLarge, WrongOffset } from '../../core/uploads/upload-errors.ts'
import {
  isTorrentName,
  maxTorrentFileBytes,
  type Upload,
  type UploadDraft,
  type WholeFile,
} from '../../core/uploads/uploads.ts'
import { longBody } from '../body-time.ts'
import { ApiError } from './error.ts'
import { fileWire } from './file-wire.ts'
import type { Call, Result, Route } from './method.ts'
import { route } from './method.ts'
import { defaultFolderOf } from './settings.ts'
import { fromTime } from './times.ts'
import { transferWire } from './transfer-wire.ts'

const tusVersion = '1.0.0'
const readsBody = true

/** Source: API v2 §8; tus.io, protocol 1.0. */
export const uploads: Route[] = [
  route('POST', '/files', (call) => tus(call, create), { readsBody }),
  route('HEAD', '/files/:key', (call) => tus(call, tell), { readsBody }),
  route('PATCH', '/files/:key', (call) => tus(call, append), { readsBody }),
  route('DELETE', '/files/:key', (call) => tus(call, remove), { readsBody }),
  route('POST', '/files/:key', (call) => tus(call, override), { readsBody }),
  route('POST', '/v2/files/upload', (call) => translated(() => receiveForm(call)), { readsBody }),
  // Where older clients send it.
  route('POST', '/', (call) => translated(() => receiveForm(call)), { readsBody }),
]

async function tus(call: Call, run: (call: Call) => void | Promise<void>): Promise<Result> {
  const { request, response } = call
  response.setHeader('Tus-Resumable', tusVersion)
  const asked = request.headers['tus-resumable']
  if (asked !== undefined && asked !== tusVersion) {
    response.setHeader('Tus-Version', tusVersion)
    throw new ApiError(412, 'BadRequest', `This service speaks version ${tusVersion} of tus.`)
  }
  await translated(() => run(call))
  return null
}

async function translated<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof UploadBusy) throw new ApiError(423, 'UploadLocked', error.message)
    if (error instanceof WrongOffset) throw new ApiError(409, 'WrongOffset', error.message)
    if (error instanceof UploadTooLarge) throw new ApiError(413, 'DISK_QUOTA_EXCEEDED', error.message)
    throw error
  }
}

function create({ core, request, response, base }: Call): void {
  const metadata = readMetadata(`${request.headers['upload-metadata'] ?? ''}`)
  const draft = draftOf(core, (name) => metadata.get(name) ?? null)
  const sizeBytes = readCount(request, 'upload-length')
  const upload = core.uploads.create(draft, { sizeBytes, isTorrentAllowed: !isOn(metadata.get('no-torrent')) })
  respond(response, 201, { Location: `${base}/files/${upload.key}`, ...expiry(upload) })
}

async function tell({ core, path, response }: Call): Promise<void> {
  const upload = await core.uploads.find(path.key ?? '')
  respond(response, 200, {
    'Upload-Length': upload.sizeBytes,
    'Cache-Control': 'no-store',
    ...progress(upload),
  })
}

async function append({ core, path, request, response }: Call): Promise<void> {
  const [type = ''] = `${request.headers['content-type'] ?? ''}`.split(';')
  if (type.trim().toLowerCase() !== 'application/offset+octet-stream')
    throw new ApiError(415, 'BadRequest', 'The content type of a piece is “application/offset+octet-stream”.')
  const offset = readCount(request, 'upload-offset')
  const key = path.key ?? ''
  const { sizeBytes, itemId, transferId, receivedBytes } = await core.uploads.find(key)
  const isWhole = itemId !== null || transferId !== null
  // A client whose last answer was lost sends its last piece again.
  if (isWhole && offset <= receivedBytes) return respond(response, 204, progress(await core.uploads.find(key)))
  if (offset + Number(request.headers['content-length'] ?? 0) > sizeBytes)
    throw new ApiError(413, 'BadRequest', `This piece ends behind the end of the file, at ${sizeBytes} bytes.`)
  respond(response, 204, progress(await core.uploads.append(key, offset, longBody(request, response))))
}

async function remove({ core, path, response }: Call): Promise<void> {
  await core.uploads.remove(path.key ?? '')
  respond(response, 204, {})
}

/** For clients that can only send POST. Source: tus.io, protocol 1.0, X-HTTP-Method-Override. */
async function override(call: Call): Promise<void> {
  const verb = `${call.request.headers['x-http-method-override'] ?? ''}`.toUpperCase()
  const run = { HEAD: tell, PATCH: append, DELETE: remove }[verb]
  if (run === undefined) throw new ApiError(405, 'MethodNotAllowed', '“POST” is not possible here.')
  await run(call)
}

function progress(upload: Upload): Record<string, string | number> {
  const { receivedBytes, itemId, transferId, crc32 } = upload
  return {
    'Upload-Offset': receivedBytes,
    ...expiry(upload),
    ...(itemId !== null && { 'putio-file-id': itemId, 'putio-file-crc32': crc32 }),
    ...(transferId !== null && { 'putio-transfer-id': transferId }),
  }
}

function expiry({ expiresAtSeconds }: Upload): Record<string, string> {
  return { 'Upload-Expires': new Date(expiresAtSeconds * 1000).toUTCString() }
}

function respond(response: ServerResponse, status: number, headers: Record<string, string | number>): void {
  response.writeHead(status, { ...headers, ...(status === 201 && { 'Content-Length': 0 }) })
  response.end()
}

/** Throws a 400 for a header that is missing or not a number. */
function readCount({ headers }: IncomingMessage, name: string): number {
  const text = `${headers[name] ?? ''}`
  if (!/^\d{1,15}$/.test(text))
    throw new ApiError(400, 'BadRequest', `The header “${name}” is missing or not a number.`)
  return Number(text)
}

/** Pairs of a key and a value in base64, which may be missing. */
function readMetadata(header: string): Map<string, string> {
  const pairs = header.split(',').map((pair) => pair.trim().split(/\s+/))
  return new Map(pairs.map(([key = '', value = '']) => [key, Buffer.from(value, 'base64').toString('utf8')]))
}

function draftOf(core: Core, value: (name: string) => string | null): UploadDraft {
  const folder = value('parent_id') || `${defaultFolderOf(core)}`
  if (!/^\d{1,15}$/.test(folder)) throw new ApiError(400, 'BadRequest', 'The parameter “parent_id” is not a number.')
  const updatedAt = value('updated-at')
  return {
    name: value('name') ?? '',
    folderId: Number(folder),
    updatedAtSeconds: updatedAt === null ? null : fromTime(updatedAt),
    isOverwriting: isOn(value('overwrite')),
  }
}

function isOn(value: string | null | undefined): boolean {
  return /^(?:1|true|on|yes)$/i.test(value ?? '')
}

/** A file in a form. It may come before the fields that say what becomes of it. */
async function receiveForm(call: Call): Promise<Result> {
  const { core, request, response, params } = call
  const { readForm } = await import('./multipart.ts')
  const form = await readForm(request, longBody(request, response), (bytes) => {
    const announced = Number(request.headers['content-length'] ?? 0)
    return core.uploads.receive(bytes, announced)
  })
  if (form.file === null) throw new ApiError(400, 'BadRequest', 'The form has no part “file”.')
  const { file, fileName, fields } = form
  const value = (name: string) => fields.get(name) ?? params.text(name)
  try {
    const draft = draftOf(core, (name) =>
      name === 'name' ? (value('filename') ?? value('name') ?? fileName) : value(name),
    )
    const wantsTorrent = isOn(value('torrent'))
    const transfer = wantsTorrent || isTorrentName(draft.name) ? await addTorrent(call, file, draft.folderId) : null
    if (transfer !== null) {
      await file.discard()
      return { transfer: transferWire(call, transfer) }
    }
    if (wantsTorrent) throw new ApiError(400, 'NotTorrent', `“${draft.name}” is not a torrent file.`)
    const { id } = await file.keep(draft)
    return { file: fileWire(call, core.space.details.get(id), { id: core.account.userId, friend: null }) }
  } catch (error) {
    await file.discard()
    throw error
  }
}

async function addTorrent({ core }: Call, file: WholeFile, folderId: number): Promise<Transfer | null> {
  if (file.sizeBytes > maxTorrentFileBytes) return null
  return core.transfers.addTorrent(await file.bytes(), folderId)
}
