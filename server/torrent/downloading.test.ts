import { expect, it } from 'vitest'
import type { Torrent as Swarm, Wire } from 'webtorrent'
import { Downloading } from './downloading.ts'
import type { PieceStore } from './piece-store.ts'

const MiB = 1024 * 1024
const pieceBytes = 16 * MiB

it('holds a limited number of bytes in memory, however many pieces readers wait for', () => {
  const requested: number[] = []
  const wires = Array.from({ length: 8 }, () => {
    const requests: unknown[] = []
    const request = (index: number) => void requests.push(requested.push(index))
    return { type: 'webSeed', requests, request, peerPieces: { get: () => true } }
  })
  const downloading = new Downloading({
    swarm: { wires: wires as unknown as Wire[], ready: true, pieces: new Array(100) } as unknown as Swarm,
    store: { pendingBytes: 0, lengthOf: () => pieceBytes } as unknown as PieceStore,
    hashes: Buffer.alloc(0),
    addressOf: () => '',
    onVerified: () => undefined,
    onCorrupt: () => undefined,
    onError: () => undefined,
  })
  downloading.want(Array.from({ length: 100 }, (_, index) => index))
  expect(requested.length * pieceBytes).toBe(192 * MiB)
})
