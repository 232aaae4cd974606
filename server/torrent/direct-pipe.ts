import { Socket } from 'node:net'
import type Peer from 'webtorrent/lib/peer.js'
import type { RateLimits } from './rate-limits.ts'
import { type Outgoing, serveInTurn } from './uploads.ts'
import { feed, missingBytes } from './webtorrent-internals.ts'
import { guardWire } from './wire-guard.ts'

/** Messages of one tick up to this size are copied into one buffer, which is cheaper than writing many. */
const smallBytes = 8 * 1024
/** How much of what arrived is taken at once while downloads are limited: a block. */
const maxPieceBytes = 16 * 1024

/**
 * Replaces how webtorrent connects a peer's socket to its protocol. It puts four throttle streams between them, which take more
 * than half of the time of a transfer although limits are rarely set. Here, bytes pass straight through while there is no limit, and
 * what is sent within one tick is written at once. Every connection is also guarded here, before its first byte. (Web seeds keep the
 * streams, without a limit: `boundFetch` reads them within it.)
 */
export function installDirectPipe(prototype: Peer, limits: RateLimits): void {
  const { setThrottlePipes, onConnect } = prototype
  prototype.setThrottlePipes = function () {
    guardWire(this)
    if (this.conn instanceof Socket) serveInTurn(this, connectDirectly(this, limits))
    else setThrottlePipes.call(this)
  }
  // Alternates between plain and encrypted: peers that insist on one of them are reached on the second attempt.
  prototype.onConnect = function () {
    if (this.type === 'tcpOutgoing') this.secure = this.retries % 2
    onConnect.call(this)
  }
}

/** Returns what tells how much waits to be sent. */
function connectDirectly(peer: Peer, { download, upload }: RateLimits): Outgoing {
  const { conn, wire } = peer
  const push = wire.push
  const ignore = () => undefined
  let waiting: Uint8Array[] = []
  let waitingBytes = 0
  let isHeldBack = false
  let onSent: () => void = () => undefined
  const flush = () => {
    while (waiting.length > 0 && !isHeldBack && !conn.destroyed) {
      const parts = partsUpTo(waiting, upload.chunkBytes)
      const bytes = parts === waiting ? waitingBytes : lengthOf(parts)
      waiting = waiting.slice(parts.length)
      waitingBytes -= bytes
      write(conn, parts, bytes)
      const pause = upload.pass(bytes)
      if (pause !== null) holdBack(pause)
    }
  }
  const holdBack = (pause: Promise<void>) => {
    isHeldBack = true
    pause.then(() => {
      isHeldBack = false
      flush()
      onSent()
    }, ignore)
  }
  conn.setNoDelay(true)
  const receive = (chunk: Buffer) => {
    peer.emit('download', chunk.length)
    // Only the current message is assembled; the rest of the chunk is read in place.
    const missing = missingBytes(wire)
    const isSplit = missing > 0 && missing < chunk.length
    if (isSplit && !peer.destroyed) feed(wire, chunk.subarray(0, missing), ignore)
    if (!peer.destroyed) feed(wire, isSplit ? chunk.subarray(missing) : chunk, ignore)
  }
  /** In small pieces, so that each of many connections gets its turn before it times out. */
  const receiveSlowly = async (chunk: Buffer) => {
    conn.pause()
    for (let at = 0; at < chunk.length && !peer.destroyed; ) {
      const piece = chunk.subarray(at, at + Math.max(1, Math.min(maxPieceBytes, download.chunkBytes)))
      at += piece.length
      receive(piece)
      await download.pass(piece.length)
    }
    conn.resume()
  }
  conn.on('data', (chunk: Buffer) => {
    if (download.chunkBytes === Number.POSITIVE_INFINITY) receive(chunk)
    else receiveSlowly(chunk).catch((error: unknown) => conn.destroy(toError(error)))
  })
  wire.push = (data) => {
    if (data === null) return push.call(wire, null)
    if (peer.destroyed || conn.destroyed) return false
    if (waiting.length === 0) process.nextTick(flush)
    waiting.push(data)
    waitingBytes += data.length
    peer.emit('upload', data.length)
    return true
  }
  // The stream emits only its end, which has to be consumed.
  wire.resume()
  return {
    waitingBytes: () => waitingBytes + conn.writableLength,
    onSent: (listener) => {
      onSent = listener
      conn.on('drain', listener)
    },
  }
}

/** The first messages that reach a number of bytes together, or all of them. */
function partsUpTo(messages: Uint8Array[], wantedBytes: number): Uint8Array[] {
  if (wantedBytes === Number.POSITIVE_INFINITY) return messages
  let bytes = 0
  const next = messages.findIndex((message) => {
    bytes += message.length
    return bytes >= wantedBytes
  })
  return next === -1 ? messages : messages.slice(0, next + 1)
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

function lengthOf(messages: Uint8Array[]): number {
  return messages.reduce((sum, { length }) => sum + length, 0)
}

/** Writes the messages of one tick. */
function write(conn: Socket, parts: Uint8Array[], bytes: number): void {
  if (bytes <= smallBytes) {
    conn.write(Buffer.concat(parts))
    return
  }
  conn.cork()
  for (const part of parts) conn.write(part)
  conn.uncork()
}
