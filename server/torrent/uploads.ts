import type Peer from 'webtorrent/lib/peer.js'
import { interceptRequests } from './webtorrent-internals.ts'

const maxBlockBytes = 128 * 1024
const maxWaiting = 2000
const maxBytesInFlight = 1024 * 1024

/** What a connection has yet to send. */
export interface Outgoing {
  waitingBytes(): number
  /** Calls a listener when some of it was sent. */
  onSent(listener: () => void): void
}

interface BlockRequest {
  index: number
  offset: number
  length: number
}

/**
 * Serves a peer's requests only as fast as it reads the responses, so that a peer that requests much and reads nothing costs one
 * megabyte of memory, not all of it. A request outside the torrent closes the connection.
 */
export function serveInTurn(peer: Peer, { waitingBytes, onSent }: Outgoing): void {
  const { wire } = peer
  const { choke } = wire
  let waiting: BlockRequest[] = []
  let bytesInFlight = 0
  const drop = () => peer.destroy(new Error('it asked for what is not there'))
  const pump = () => {
    while (waiting.length > 0 && !peer.destroyed && bytesInFlight + waitingBytes() < maxBytesInFlight) {
      const request = waiting.shift()
      if (request === undefined) return
      bytesInFlight += request.length
      answer(request.index, request.offset, request.length)
    }
  }
  const answer = interceptRequests(wire, {
    request: (index, offset, length) => {
      const swarm = peer.swarm
      if (length < 1 || length > maxBlockBytes || offset < 0 || waiting.length >= maxWaiting) return drop()
      if (swarm?.bitfield === undefined || index < 0 || index >= swarm.pieces.length) return drop()
      const refuses = wire.amChoking || !swarm.bitfield.get(index)
      if (refuses) return wire.hasFast ? wire.reject(index, offset, length) : undefined
      waiting.push({ index, offset, length })
      pump()
    },
    cancel: (index, offset, length, pass) => {
      const isSame = (request: BlockRequest) =>
        request.index === index && request.offset === offset && request.length === length
      waiting = waiting.filter((request) => !isSame(request))
      pass(index, offset, length)
      settle()
    },
  })
  wire.choke = () => {
    if (!wire.amChoking && wire.hasFast)
      for (const request of waiting) wire.reject(request.index, request.offset, request.length)
    waiting = []
    choke.call(wire)
    settle()
  }
  // Blocks being read from the store are in `peerRequests`; answered ones are in the socket.
  const settle = () => {
    bytesInFlight = wire.peerRequests.reduce((sum, request) => sum + request.length, 0)
  }
  wire.on('upload', (length: number) => {
    bytesInFlight = Math.max(0, bytesInFlight - length)
    pump()
  })
  onSent(pump)
}
