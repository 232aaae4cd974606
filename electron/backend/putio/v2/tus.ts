import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { crc32 } from 'node:zlib'
import { waitForResponse } from '../../../../engine/http/wait-for-response.ts'
import { AppError } from '../../../../shared/errors.ts'
import type { ItemId } from '../../../../shared/item.ts'
import { type ApiResponse, hostOf } from '../http.ts'
import { isOwnStreamHost } from '../stream-host.ts'
import { ArrivedTorn, type Upload } from '../upload.ts'
import type { GatedEndpoint } from './request.ts'
import { sentenceOf } from './sentence.ts'

/**
 * How much is sent in one request. A service may keep only what came in a whole request, so it is as much as rclone sends; our own keeps
 * what arrived, and between two requests nothing moves. Source: API v2 §8.
 */
const pieceBytes = { foreign: 48 * 1024 * 1024, own: 1024 * 1024 * 1024 }
const readBytes = 1024 * 1024
const answerMs = 60_000
/** A connection that takes no byte for so long is dead. */
const stallMs = 60_000
const maxFailures = 8
const discardMs = 5000
const firstRetryMs = 500
const maxAnswerBytes = 64 * 1024
const maxStarts = 3

/** It has to be begun anew: the service does not know it any more. */
class Forgotten extends Error {
  override name = 'Forgotten'
}

/**
 * Sends a file in pieces, and continues after whatever interrupts it. Returns the id of the new item; null if the service does not tell
 * it. Source: API v2 §8; tus.io, protocol 1.0.
 */
export async function sendByTus(
  endpoint: GatedEndpoint,
  upload: Upload,
  service: keyof typeof pieceBytes,
): Promise<ItemId | null> {
  const { signal } = upload
  const file = await openFile(upload)
  try {
    let place = upload.begunAt
    for (let start = 1; ; start += 1) {
      try {
        return await sendFrom(endpoint, upload, { file, begunAt: place, largestBytes: pieceBytes[service] })
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof Forgotten)) throw error
        upload.onBegun(null)
        upload.onProgress(0)
        // Tried again, it would be forgotten again.
        if (start === maxStarts)
          throw new AppError('refused', 'The service forgets what is sent to it.', { cause: error })
        place = null
      }
    }
  } finally {
    await file.close()
  }
}

/** Opens a file, and nothing else that may be in its place by now: a link could lead anywhere, and a pipe would never end. */
async function openFile({ path, name }: Upload): Promise<FileHandle> {
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants
  let file: FileHandle
  try {
    file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  } catch (cause) {
    throw new AppError('bad-input', `“${name}” cannot be read on this computer.`, { cause })
  }
  if ((await file.stat()).isFile()) return file
  await file.close()
  throw new AppError('bad-input', `“${name}” is no file any more.`)
}

/** Discards an upload that is not complete. One that is not there any more needs nothing. Source: API v2 §8. */
export async function discardByTus(endpoint: GatedEndpoint, place: string): Promise<void> {
  const url = await urlOf(endpoint, place)
  const signal = endpoint.signal ?? AbortSignal.timeout(discardMs)
  await tusRequest(endpoint, { method: 'DELETE', url, headers: {}, signal })
}

async function sendFrom(
  endpoint: GatedEndpoint,
  upload: Upload,
  { file, begunAt, largestBytes }: { file: FileHandle; begunAt: string | null; largestBytes: number },
): Promise<ItemId | null> {
  const { sizeBytes, signal } = upload
  await checkUnchanged(upload, file)
  let place = begunAt
  let offset = 0
  if (place === null) {
    place = await create(endpoint, upload)
    upload.onBegun(place)
  } else offset = await patiently(endpoint, upload, () => offsetAt(endpoint, upload, place ?? ''))
  const sum = new RunningSum(file)
  for (let failures = 0; ; ) {
    upload.onProgress(offset)
    const length = Math.min(largestBytes, sizeBytes - offset)
    await checkUnchanged(upload, file)
    let answer: ApiResponse | null = null
    try {
      answer = await sendPiece(endpoint, upload, { file, place, offset, length, sum })
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof AppError) throw error
    }
    // What is not a tus server's answer, such as the page of a hotel, says nothing. Source: tus.io, protocol 1.0.
    const reached = answer === null ? null : numberIn(answer.headers['upload-offset'])
    const isTaken = answer !== null && answer.status < 300 && reached !== null
    if (answer !== null && isTaken) {
      if (reached > sizeBytes || reached < offset) throw new Forgotten()
      if (reached > offset) failures = 0
      else failures += 1
      offset = reached
      if (offset === sizeBytes) return await finish(endpoint, upload, { file, sum }, answer)
    } else if (answer !== null && (answer.status === 404 || answer.status === 410)) throw new Forgotten()
    else if (answer !== null && answer.status >= 300 && !isPassing(answer.status)) throw await refusal(endpoint, answer)
    else failures += 1
    if (failures > maxFailures) throw await unreachable(endpoint)
    if (isTaken && failures === 0) continue
    await endpoint.clock.wait(Math.min(firstRetryMs * 2 ** failures, 15_000), signal)
    const before = offset
    offset = await patiently(endpoint, upload, () => offsetAt(endpoint, upload, place ?? ''))
    if (offset > before) failures = 0
  }
}

/** Checks what has arrived: it may have been changed here while it was sent, or on its way. */
async function finish(
  endpoint: GatedEndpoint,
  upload: Upload,
  { file, sum }: { file: FileHandle; sum: RunningSum },
  { headers }: ApiResponse,
): Promise<ItemId | null> {
  try {
    await checkUnchanged(upload, file)
  } catch (error) {
    throw new AppError('bad-input', changed(upload).message, { cause: new ArrivedTorn('', { cause: error }) })
  }
  const id = numberIn(headers['putio-file-id'])
  const theirs = headers['putio-file-crc32']
  if (typeof theirs === 'string' && /^[0-9a-f]{8}$/i.test(theirs)) {
    const ours = (await sum.upTo(upload.sizeBytes)).toString(16).padStart(8, '0')
    if (ours !== theirs.toLowerCase()) {
      const { api } = await endpoint.bases()
      const sentence = `${hostOf(api)} has received “${upload.name}” differently.`
      throw new AppError('bad-input', sentence, { cause: new ArrivedTorn() })
    }
  }
  upload.onBegun(null)
  return id
}

function isDate(ms: number): boolean {
  return !Number.isNaN(new Date(ms).getTime())
}

async function create(endpoint: GatedEndpoint, upload: Upload): Promise<string> {
  const { name, folderId, sizeBytes, changedAtMs, isReplacing } = upload
  const metadata = {
    name,
    parent_id: `${folderId}`,
    'no-torrent': 'true',
    // Some file systems tell times that no calendar has.
    ...(isDate(changedAtMs) && { 'updated-at': new Date(changedAtMs).toISOString() }),
    overwrite: `${isReplacing}`,
  }
  const pairs = Object.entries(metadata).map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
  const headers = { 'upload-length': sizeBytes, 'upload-metadata': pairs.join(',') }
  const { answer, tus } = await patiently(endpoint, upload, async () => {
    const { tus } = await endpoint.bases()
    const answer = await tusRequest(endpoint, { method: 'POST', url: new URL(tus), headers, signal: upload.signal })
    if (isPassing(answer.status)) throw await unreachable(endpoint)
    return { answer, tus }
  })
  if (answer.status !== 201) throw await refusal(endpoint, answer)
  return placeIn(answer.headers.location, tus)
}

/**
 * The address at which the service wants a file; without its host if that is the usual one, because the service of this computer has another
 * port after each start. It gets the token, so it must be the service's own.
 */
function placeIn(location: string | undefined, tus: string): string {
  const base = new URL(tus)
  const place = location !== undefined && URL.canParse(location, tus) ? new URL(location, base) : null
  if (place === null || !isOwnStreamHost(base, place))
    throw new AppError('refused', `“${base.host}” wants the file to be sent elsewhere, which Putdesk does not do.`)
  return place.origin === base.origin ? `${place.pathname}${place.search}` : place.href
}

/** Where a file is sent now. */
async function urlOf(endpoint: GatedEndpoint, place: string): Promise<URL> {
  const { tus } = await endpoint.bases()
  const url = URL.canParse(place, tus) ? new URL(place, tus) : null
  if (url === null || !isOwnStreamHost(new URL(tus), url)) throw new Forgotten()
  return url
}

async function offsetAt(endpoint: GatedEndpoint, upload: Upload, place: string): Promise<number> {
  const request = { method: 'HEAD', url: await urlOf(endpoint, place), headers: {}, signal: upload.signal }
  const answer = await tusRequest(endpoint, request)
  if (isPassing(answer.status)) throw await unreachable(endpoint)
  const offset = numberIn(answer.headers['upload-offset'])
  if (answer.status < 300 && offset === null) throw await unreachable(endpoint)
  if (answer.status >= 300 || offset === null || offset > upload.sizeBytes) throw new Forgotten()
  return offset
}

interface Piece {
  file: FileHandle
  place: string
  offset: number
  length: number
  sum: RunningSum
}

async function sendPiece(
  endpoint: GatedEndpoint,
  upload: Upload,
  { file, place, offset, length, sum }: Piece,
): Promise<ApiResponse> {
  const headers = {
    'content-type': 'application/offset+octet-stream',
    'upload-offset': offset,
    'content-length': length,
  }
  // While one is read, the socket may hold the two before it.
  const buffers = Array.from({ length: 3 }, () => Buffer.allocUnsafe(Math.min(readBytes, length)))
  let reads = 0
  const read = async (at: number): Promise<Buffer> => {
    const buffer = buffers[reads++ % buffers.length] ?? Buffer.allocUnsafe(readBytes)
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, offset + length - at), at)
    if (bytesRead === 0) throw changed(upload)
    return buffer.subarray(0, bytesRead)
  }
  async function* body(): AsyncGenerator<Buffer> {
    let at = offset
    let next = length > 0 ? read(at) : null
    while (next !== null) {
      const chunk = await next
      const end = at + chunk.length
      // The disk reads on while this is sent.
      next = end < offset + length ? read(end) : null
      next?.catch(() => undefined)
      sum.add(at, chunk)
      yield chunk
      at = end
      upload.onProgress(at)
    }
  }
  return await tusRequest(endpoint, {
    method: 'PATCH',
    url: await urlOf(endpoint, place),
    headers,
    body: body(),
    signal: upload.signal,
  })
}

interface TusRequest {
  method: string
  url: URL
  headers: Record<string, string | number>
  /** Its chunks are used until the second one after them is asked for. */
  body?: AsyncGenerator<Buffer>
  signal: AbortSignal
}

async function tusRequest(
  endpoint: GatedEndpoint,
  { method, url, headers, body, signal }: TusRequest,
): Promise<ApiResponse> {
  await endpoint.gate.untilOpen(signal)
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  const stop = new AbortController()
  const request = send(url, {
    method,
    headers: {
      ...headers,
      ...(body === undefined && method !== 'HEAD' && { 'content-length': 0 }),
      'tus-resumable': '1.0.0',
      'user-agent': 'Putdesk',
      authorization: `Token ${endpoint.token}`,
    },
    signal: AbortSignal.any([signal, stop.signal]),
  })
  // Long, because the body has to arrive before the answer.
  const answered = waitForResponse(request, { host: url.hostname, timeoutMs: 24 * 60 * 60_000 })
  let isAnswered = false
  answered.then(
    () => {
      isAnswered = true
    },
    () => undefined,
  )
  const stalled = setTimeout(() => stop.abort(new Error('nothing moves')), stallMs)
  try {
    if (body !== undefined) {
      let flushing: Promise<unknown> = Promise.resolve()
      for await (const chunk of body) {
        stalled.refresh()
        const before = flushing
        flushing = new Promise((resolve) => request.write(chunk, resolve))
        await Promise.race([before, answered])
        // A service may refuse a file before all of it was sent.
        if (request.destroyed || isAnswered) break
      }
    }
    request.end()
    stalled.refresh()
    const late = setTimeout(() => stop.abort(new Error('no answer')), answerMs)
    const response = await answered.finally(() => clearTimeout(late))
    let text = ''
    for await (const chunk of response) {
      stalled.refresh()
      if (text.length < maxAnswerBytes) text += chunk
    }
    if (!request.writableFinished) request.destroy()
    const answer = { status: response.statusCode ?? 0, headers: response.headers, text }
    await endpoint.gate.note(answer)
    return answer
  } catch (error) {
    request.destroy()
    answered.catch(() => undefined)
    throw error
  } finally {
    clearTimeout(stalled)
  }
}

/** Tries a few times while the service does not answer. */
async function patiently<T>(endpoint: GatedEndpoint, { signal }: Upload, work: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await work()
    } catch (error) {
      signal.throwIfAborted()
      const isFinal = error instanceof Forgotten || (error instanceof AppError && error.code !== 'unreachable')
      if (isFinal) throw error
      if (failures > 3) throw error instanceof AppError ? error : await unreachable(endpoint)
    }
    await endpoint.clock.wait(firstRetryMs * 2 ** failures, signal)
  }
}

/** True for answers after which the service has to be asked how much it has. Source: API v2 §3.2, §8. */
function isPassing(status: number): boolean {
  return status === 409 || status === 423 || status === 429 || status === 408 || status >= 500
}

async function checkUnchanged(upload: Upload, file: FileHandle): Promise<void> {
  const { size, mtimeMs } = await file.stat()
  if (size !== upload.sizeBytes || Math.floor(mtimeMs) !== Math.floor(upload.changedAtMs)) throw changed(upload)
}

function changed({ name }: Upload): AppError {
  return new AppError('bad-input', `“${name}” was changed while it was being sent.`)
}

async function unreachable(endpoint: GatedEndpoint): Promise<AppError> {
  const { tus } = await endpoint.bases()
  return new AppError('unreachable', `${hostOf(tus)} does not answer.`)
}

async function refusal(endpoint: GatedEndpoint, { status, text }: ApiResponse): Promise<AppError> {
  const { tus } = await endpoint.bases()
  const { error_type: type, error_message: message } = Object(parse(text))
  const found = sentenceOf(typeof type === 'string' ? type : null, typeof message === 'string' ? message : null)
  if (status === 401) return new AppError('signed-out', `${hostOf(tus)} no longer accepts this sign-in.`)
  const sentence =
    found === null ? `${hostOf(tus)} did not take the file (${status}).` : endpoint.secrets.cleanSentence(found)
  return new AppError(status === 404 ? 'not-found' : 'refused', sentence)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function numberIn(header: string | string[] | undefined): number | null {
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : null
}

/** The checksum of a file, mostly from the bytes that pass by; what did not is read again. */
class RunningSum {
  readonly #file: FileHandle
  #sum = 0
  #done = 0

  constructor(file: FileHandle) {
    this.#file = file
  }

  add(at: number, chunk: Buffer): void {
    if (at > this.#done || at + chunk.length <= this.#done) return
    this.#sum = crc32(chunk.subarray(this.#done - at), this.#sum)
    this.#done = at + chunk.length
  }

  /** The checksum of the first bytes. */
  async upTo(end: number): Promise<number> {
    const buffer = Buffer.allocUnsafe(readBytes)
    while (this.#done < end) {
      const { bytesRead } = await this.#file.read(buffer, 0, Math.min(buffer.length, end - this.#done), this.#done)
      if (bytesRead === 0) break
      this.add(this.#done, buffer.subarray(0, bytesRead))
    }
    return this.#sum
  }
}
