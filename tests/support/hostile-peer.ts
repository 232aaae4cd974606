import net from 'node:net'
import { bencode, type MadeTorrent, serve, type Value } from './torrents.ts'

/** How a hostile peer violates the protocol; otherwise it follows the protocol. */
export interface Lies {
  /** Sends other blocks than the requested ones. */
  isCorrupt?: boolean
  /** Never answers a request for a block. */
  isSilent?: boolean
  /** The metadata it sends instead of the right one. */
  metadata?: Uint8Array
  /** The metadata size it claims. */
  metadataSize?: number
  /** Raw bytes it sends after its handshake. */
  raw?: Uint8Array
}

interface Counts {
  port: number
  address: string
  connections: () => number
  blocks: () => number
}

/** A peer that seeds a torrent but misbehaves. Source: BEP 3, 9, 10. */
export async function startHostilePeer(torrent: MadeTorrent, lies: Lies, address = '127.0.0.2'): Promise<Counts> {
  let connections = 0
  let blocks = 0
  const whole = Buffer.concat(torrent.contents)
  const pieces = Math.ceil(torrent.sizeBytes / torrent.pieceLength)
  const metadata = lies.metadata ?? torrent.infoBytes
  const server = net.createServer((socket) => {
    connections += 1
    socket.on('error', () => null)
    const send = (id: number, ...parts: Uint8Array[]) => {
      const body = Buffer.concat(parts)
      const head = Buffer.alloc(5)
      head.writeUInt32BE(body.length + 1)
      head[4] = id
      socket.write(Buffer.concat([head, body]))
    }
    const extended = (id: number, value: Value, trailer: Uint8Array = Buffer.alloc(0)) =>
      send(20, Buffer.from([id]), bencode(value), trailer)
    let theirMetadataId = 0
    const answer = (id: number, body: Buffer) => {
      if (id === 2) send(1)
      if (id === 6 && !lies.isSilent) {
        blocks += 1
        const [index, offset, length] = [body.readUInt32BE(0), body.readUInt32BE(4), body.readUInt32BE(8)]
        const at = index * torrent.pieceLength + offset
        const block = lies.isCorrupt ? Buffer.alloc(length, 0x58) : whole.subarray(at, at + length)
        send(7, body.subarray(0, 8), block)
      }
      if (id === 20 && body[0] === 0) {
        theirMetadataId = Number(/11:ut_metadatai(\d+)e/.exec(body.toString('latin1'))?.[1] ?? 0)
      }
      if (id === 20 && body[0] === 3) {
        const piece = Number(/5:piecei(\d+)e/.exec(body.toString('latin1'))?.[1] ?? 0)
        const part = metadata.subarray(piece * 16_384, (piece + 1) * 16_384)
        extended(theirMetadataId, { msg_type: 1, piece, total_size: metadata.length }, part)
      }
    }
    let received = Buffer.alloc(0)
    let isGreeted = false
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      if (!isGreeted && received.length >= 68) {
        isGreeted = true
        received = received.subarray(68)
        const reserved = Buffer.from([0, 0, 0, 0, 0, 0x10, 0, 0])
        const hash = Buffer.from(torrent.infoHash, 'hex')
        socket.write(
          Buffer.concat([Buffer.from('\x13BitTorrent protocol'), reserved, hash, Buffer.from('-XX0001-0123456789ab')]),
        )
        extended(0, { m: { ut_metadata: 3 }, metadata_size: lies.metadataSize ?? metadata.length })
        if (lies.raw !== undefined) socket.write(lies.raw)
        const bits = Buffer.alloc(Math.ceil(pieces / 8))
        for (let piece = 0; piece < pieces; piece += 1)
          bits[piece >> 3] = (bits[piece >> 3] ?? 0) | (128 >> (piece & 7))
        send(5, bits)
      }
      while (isGreeted && received.length >= 4 && received.length >= 4 + received.readUInt32BE(0)) {
        const length = received.readUInt32BE(0)
        if (length > 0) answer(received[4] ?? 0, received.subarray(5, 4 + length))
        received = received.subarray(4 + length)
      }
    })
  })
  const port = await serve(server, address)
  return { port, address, connections: () => connections, blocks: () => blocks }
}

/** A message in wire format. */
export function rawMessage(id: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(body.length + 1)
  head[4] = id
  return Buffer.concat([head, body])
}
