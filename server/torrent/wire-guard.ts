import type { Wire } from 'webtorrent'
import type Peer from 'webtorrent/lib/peer.js'
import { isBencode } from './bencode.ts'
import { interceptWire, silence } from './webtorrent-internals.ts'

const maxMessageBytes = 1024 * 1024 + 13
const maxBitfieldBytes = 128 * 1024

/**
 * Bounds what a peer can do to this worker by what it sends: messages of at most 1 MiB, only sound bencoding reaches webtorrent's
 * decoder (which loops for ever on a negative length), places inside the torrent, and a message that its parsers throw at costs
 * the peer its connection and nobody else anything.
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
      // The third kind, of blocks of the description, has their bytes behind its dictionary.
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

/** Unknown, and so without end, until the description of the torrent is there. */
function pieceCount({ swarm }: Peer): number {
  const count = swarm?.pieces?.length ?? 0
  return count === 0 ? Number.POSITIVE_INFINITY : count
}

/** The address that a peer is known and banned by: its host, or the whole URL of a web seed. */
export function addressOf(wire: Wire, peers: Iterable<Peer>): string {
  if (wire.type !== 'webSeed' && wire.remoteAddress !== undefined) return wire.remoteAddress
  return [...peers].find((peer) => peer.wire === wire)?.id ?? 'unknown'
}
