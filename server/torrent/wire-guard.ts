import type { Wire } from 'webtorrent'
import type Peer from 'webtorrent/lib/peer.js'
import { isBencode } from './bencode.ts'
import { interceptWire, silence } from './webtorrent-internals.ts'

const maxMessageBytes = 1024 * 1024 + 13
const maxBitfieldBytes = 128 * 1024

/**
 * Limits what a peer can do to this worker: messages have at most 1 MiB, only valid bencoding reaches webtorrent's decoder (which
 * loops forever on a negative length), positions are inside the torrent, and a message that makes its parsers throw closes only
 * that peer's connection.
 */
export function guardWire(peer: Peer): void {
  const { wire } = peer
  const drop = () => peer.destroy(new Error('what it sent is not sound'))
  silence(wire)
  interceptWire(wire, {
    write: (data, done, pass) => {
      try {
        pass(data, done)
      } catch {
        drop()
        done(null)
      }
    },
    messageLength: (bytes, pass) => {
      if (new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) > maxMessageBytes) return drop()
      pass(bytes)
    },
    extended: (extension, bytes, pass) => {
      // The third message type, metadata blocks, has its bytes after the dictionary.
      const isWhole = extension === 0
      if (bytes.length > 0 && !isBencode(bytes, { isWhole })) return drop()
      pass(extension, bytes)
    },
    have: (index, pass) => {
      if (index < 0 || index >= pieceCount(peer)) return drop()
      pass(index)
    },
    bitField: (bytes, pass) => {
      const expected = Math.ceil(pieceCount(peer) / 8)
      if (bytes.length > maxBitfieldBytes || (Number.isFinite(expected) && bytes.length !== expected)) return drop()
      pass(bytes)
    },
  })
}

/** Infinite until the torrent's metadata is known. */
function pieceCount({ swarm }: Peer): number {
  const count = swarm?.pieces?.length ?? 0
  return count === 0 ? Number.POSITIVE_INFINITY : count
}

/** The address that identifies a peer for bans: its host, or the complete URL of a web seed. */
export function addressOf(wire: Wire, peers: Iterable<Peer>): string {
  if (wire.type !== 'webSeed' && wire.remoteAddress !== undefined) return wire.remoteAddress
  return [...peers].find((peer) => peer.wire === wire)?.id ?? 'unknown'
}
