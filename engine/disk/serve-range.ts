import type { FileHandle } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { forgetFile, type OpenFile, takeFile } from './open-files.ts'

const readBytes = 512 * 1024
const smallBytes = 128 * 1024
const maxSpare = 32
/** Free buffers. What players and file managers request again and again is small. */
const spare: Buffer[] = []

/** A file that never changes, and the response headers that describe it. */
interface Served {
  path: string
  headers: Record<string, string>
  /** The expected length; null when unknown. */
  expectedBytes: number | null
  /** A strong validator of the content, in its quotes. */
  etag: string
}

/** The bytes to send. `end` is exclusive. */
interface Span {
  start: number
  end: number
}

/** A file that is not there, or not as long as it was when it was stored. */
export class ChangedFileError extends Error {
  override name = 'ChangedFileError'
}

/**
 * Answers GET or HEAD for a file that never changes, in full or for one range. Rejects only when the file cannot be opened or
 * does not have the expected length, and then nothing has been sent.
 */
export async function serveFile(request: IncomingMessage, response: ServerResponse, served: Served): Promise<void> {
  const source = await takeFile(served.path)
  const { file, sizeBytes, release } = source
  try {
    if (served.expectedBytes !== null && served.expectedBytes !== sizeBytes) {
      forgetFile(served.path)
      throw new ChangedFileError(`it has ${sizeBytes} bytes instead of ${served.expectedBytes}`)
    }
    const span = beginResponse(request, response, { ...served, sizeBytes })
    if (span === null) return
    if (span.end - span.start <= readBytes) await sendAtOnce(source, response, span)
    else await pump(file, response, span)
  } finally {
    release()
  }
}

/** Sends the head of a response, and returns the bytes that have to follow: null when there are none, and it is complete. */
export function beginResponse(
  request: IncomingMessage,
  response: ServerResponse,
  { headers: own, etag, sizeBytes }: Pick<Served, 'headers' | 'etag'> & { sizeBytes: number },
): Span | null {
  const range = isSameContent(request.headers['if-range'], etag) ? parseRange(request.headers.range, sizeBytes) : null
  const headers = { ...own, 'Accept-Ranges': 'bytes', ETag: etag }
  if (range === 'unsatisfiable') {
    response.writeHead(416, { ...headers, 'Content-Range': `bytes */${sizeBytes}`, 'Content-Length': 0 }).end()
    return null
  }
  const { start, end } = range ?? { start: 0, end: sizeBytes }
  response.writeHead(range === null ? 200 : 206, {
    ...headers,
    ...(range !== null && { 'Content-Range': `bytes ${start}-${end - 1}/${sizeBytes}` }),
    'Content-Length': end - start,
  })
  if (request.method !== 'HEAD') return { start, end }
  response.end()
  return null
}

/**
 * False when `If-Range` names another version: then the whole file is sent. A weak tag, or a date, is never the same.
 * Source: RFC 9110 §13.1.5.
 */
function isSameContent(ifRange: string | string[] | undefined, etag: string): boolean {
  return ifRange === undefined || `${ifRange}`.trim() === etag
}

/**
 * Reads a `Range` header. Null means the whole file: no range, several, another unit, or nonsense. `end` is exclusive.
 * Source: RFC 9110 §14.2.
 */
export function parseRange(header: string | undefined, size: number): Span | 'unsatisfiable' | null {
  const parts = /^bytes=\s*(?:(\d+)\s*)?-\s*(?:(\d+)\s*)?$/i.exec(header ?? '')
  if (parts === null) return null
  const [, first = '', last = ''] = parts
  if (first === '') {
    if (last === '') return null
    const count = Math.min(Number(last), size)
    return count === 0 ? 'unsatisfiable' : { start: size - count, end: size }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return null
  if (start >= size) return 'unsatisfiable'
  return { start, end: last === '' ? size : Math.min(Number(last) + 1, size) }
}

/** A body that fits into one buffer is sent together with its head. */
async function sendAtOnce(source: OpenFile, response: ServerResponse, { start, end }: Span): Promise<void> {
  const isSmall = end - start <= smallBytes
  const buffer = (isSmall ? spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(isSmall ? smallBytes : end - start)
  let done = 0
  while (done < end - start) {
    const piece = { buffer, offset: done, length: end - start - done, position: start + done }
    const bytesRead = isSmall ? await source.readSmall(piece) : (await source.file.read(piece)).bytesRead
    if (bytesRead === 0) {
      response.destroy()
      return
    }
    done += bytesRead
  }
  await new Promise<void>((resolve) => {
    response.once('close', resolve)
    response.end(buffer.subarray(0, done), () => {
      if (isSmall && spare.length < maxSpare) spare.push(buffer)
      resolve()
    })
  })
}

/** Uses two buffers: while one is on its way to the client, the next is read. */
async function pump(file: FileHandle, response: ServerResponse, span: Span): Promise<void> {
  const size = Math.min(readBytes, span.end - span.start)
  const buffers = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(span.end - span.start > size ? size : 0)]
  let position = span.start
  let sending: Promise<boolean> = Promise.resolve(true)
  const closed = new Promise<boolean>((resolve) => response.once('close', () => resolve(false)))
  for (let round = 0; position < span.end; round++) {
    const buffer = buffers[round % 2] ?? Buffer.alloc(0)
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, span.end - position), position)
    const isThere = await sending
    if (!isThere || bytesRead === 0) {
      response.destroy()
      return
    }
    position += bytesRead
    sending = Promise.race([closed, send(response, buffer.subarray(0, bytesRead))])
  }
  if (await sending) response.end()
}

/** Resolves when bytes are on their way; to false when the client is gone. */
export function send(response: ServerResponse, bytes: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    if (response.destroyed) resolve(false)
    else response.write(bytes, (error) => resolve(!error))
  })
}
