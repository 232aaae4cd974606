import { Socket } from 'node:net'
import type Peer from 'webtorrent/lib/peer.js'
import { serveInTurn } from './uploads.ts'
import { feed, missingBytes } from './webtorrent-internals.ts'
import { guardWire } from './wire-guard.ts'

/** Messages of one tick up to this size are copied into one buffer, which is cheaper than writing many. */
const smallBytes = 8 * 1024

/**
 * Replaces how webtorrent connects a peer's socket to its protocol. It puts four throttle streams between them, which take more
 * than half of the time of a transfer although limits are rarely set. Without limits, bytes now pass straight through, and what is
 * sent within one tick is written at once. Every connection is also guarded here, before its first byte.
 */
export function installDirectPipe(prototype: Peer, { isLimited }: { isLimited: boolean }): void {
  const { setThrottlePipes, onConnect } = prototype
  prototype.setThrottlePipes = function () {
    guardWire(this)
    const isDirect = this.conn instanceof Socket && !isLimited
    if (this.conn instanceof Socket) serveInTurn(this)
    if (isDirect) connectDirectly(this)
    else setThrottlePipes.call(this)
  }
  // Alternates between plain and encrypted: peers that insist on one of them are reached on the second attempt.
  prototype.onConnect = function () {
    if (this.type === 'tcpOutgoing') this.secure = this.retries % 2
    onConnect.call(this)
  }
}

function connectDirectly(peer: Peer): void {
  const { conn, wire } = peer
  const push = wire.push
  let waiting: Uint8Array[] = []
  let waitingBytes = 0
  const flush = () => {
    const parts = waiting
    const isSmall = waitingBytes <= smallBytes
    waiting = []
    waitingBytes = 0
    if (conn.destroyed) return
    if (isSmall) {
      conn.write(Buffer.concat(parts))
      return
    }
    conn.cork()
    for (const part of parts) conn.write(part)
    conn.uncork()
  }
  const ignore = () => undefined
  conn.setNoDelay(true)
  conn.on('data', (chunk: Buffer) => {
    peer.emit('download', chunk.length)
    // Only the current message is assembled; the rest of the chunk is read in place.
    const missing = missingBytes(wire)
    const isSplit = missing > 0 && missing < chunk.length
    if (isSplit && !peer.destroyed) feed(wire, chunk.subarray(0, missing), ignore)
    if (!peer.destroyed) feed(wire, isSplit ? chunk.subarray(missing) : chunk, ignore)
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
}
