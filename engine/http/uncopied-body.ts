import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { errorCode } from '../fetch-error.ts'
import type { LargeReads } from '../net/large-read-socket.ts'
import { slabBytes } from '../net/slab.ts'
import type { Ending } from '../source.ts'

/** The body of a response, and what is known at its end. */
export interface Body {
  stream: Readable
  /** Call at the end of the stream: what that end is worth. */
  ending: () => Ending
  /** Call after the end: true when the server sent more than it announced. */
  sentMore: () => Promise<boolean>
}

/**
 * The rest of a body of known length, past Node's parser, which would copy every byte. Null where that cannot be: then nothing has
 * changed. Call it when the head has been judged and nothing was read. The body cannot be in any coding.
 *
 * Source: RFC 9112 §6.2: without a transfer coding, the length in the head is that of the body.
 */
export function uncopiedBody(response: IncomingMessage, connection: LargeReads, excessWaitMs: number): Body | null {
  const { 'content-length': length = '', 'transfer-encoding': coding } = response.headers
  if (response.complete || coding !== undefined || !/^\d{1,15}$/.test(length)) return null
  let missing = Number(length) - response.readableLength
  if (missing <= 0 || response.readableFlowing !== null) return null
  let hasMore = false
  const over = Promise.withResolvers<void>()
  const take = (piece: Buffer): boolean => {
    const bytes = Math.min(piece.length, missing)
    missing -= bytes
    if (bytes < piece.length) {
      hasMore = true
      over.resolve()
    }
    if (bytes === 0) return true
    const isWanted = stream.push(bytes === piece.length ? piece : piece.subarray(0, bytes))
    if (missing === 0) stream.push(null)
    return isWanted || missing === 0
  }
  const stream = new Readable({
    highWaterMark: slabBytes,
    read: () => {
      connection.socket.resume()
    },
    destroy: (error, done) => {
      if (missing > 0 || error !== null) response.destroy()
      done(error)
    },
  })
  if (!connection.divert(take)) return null
  const first: unknown = response.read()
  if (first instanceof Buffer) stream.push(first)
  // A body that nobody reads may break, and for the parser it never ends.
  for (const one of [stream, response]) one.on('error', () => undefined)
  connection.stream.on('error', (error) => {
    // How a connection ends after the last byte says nothing about the body, which may still be read.
    if (missing > 0 || errorCode(error) === 'ABORT_ERR') stream.destroy(error)
  })
  connection.stream.on('close', () => {
    over.resolve()
    if (missing > 0) stream.destroy()
  })
  return {
    stream,
    ending: () => (missing === 0 ? 'proven' : 'broken'),
    sentMore: async () => {
      const enough = setTimeout(() => over.resolve(), excessWaitMs)
      await over.promise
      clearTimeout(enough)
      return hasMore
    },
  }
}
