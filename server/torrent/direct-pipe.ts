import { Socket } from 'node:net'
import type Peer from 'webtorrent/lib/peer.js'
import { serveInTurn } from './uploads.ts'
import { guardWire } from './wire-guard.ts'

/**
 * Replaces how webtorrent joins a peer's connection to its protocol. It puts four streams between them, for limits that are
 * mostly not set: more than half of the time of a transfer. Without limits the bytes go straight through, and what is sent
 * within one turn goes out in one write. Every connection gets its guards here, before its first byte.
 */
export function installDirectPipe(prototype: Peer, { isLimited }: { isLimited: boolean }): void {
  const { setThrottlePipes, onConnect } = prototype
  prototype.setThrottlePipes = function () {
    guardWire(this)
    const isDirect = this.conn instanceof Socket && !isLimited
    if (this.conn instanceof Socket) serveInTurn(this)
    if (isDirect) join(this)
    else setThrottlePipes.call(this)
  }
  // Plain first, then encrypted, in turn: peers that insist on one or the other are reached at the second attempt.
  prototype.onConnect = function () {
    if (this.type === 'tcpOutgoing') this.secure = this.retries % 2
    onConnect.call(this)
  }
}

function join(peer: Peer): void {
  const { conn, wire } = peer
  const push = wire.push
  let isCorked = false
  const uncork = () => {
    isCorked = false
    conn.uncork()
  }
  const ignore = () => undefined
  conn.setNoDelay(true)
  conn.on('data', (chunk: Buffer) => {
    peer.emit('download', chunk.length)
    if (!peer.destroyed) wire._write(chunk, ignore)
  })
  wire.push = (data) => {
    if (data === null) return push.call(wire, null)
    if (peer.destroyed || conn.destroyed) return false
    if (!isCorked) {
      isCorked = true
      conn.cork()
      process.nextTick(uncork)
    }
    conn.write(data)
    peer.emit('upload', data.length)
    return true
  }
  // Nothing comes out there any more but the end, which has to be taken.
  wire.resume()
}
