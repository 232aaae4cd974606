import { afterEach, expect, it, vi } from 'vitest'
import { Bits } from '../../server/torrent/bits.ts'
import { PieceMap } from '../../server/torrent/piece-map.ts'
import { bencode } from '../support/torrents.ts'

const KiB = 1024
const pieceLength = 16 * KiB
afterEach(() => vi.restoreAllMocks())

/** A torrent of two files, the first of which has half a piece, with these pieces verified. */
function mapOf(pieceCount: number, isVerified: (piece: number) => boolean): PieceMap {
  const pieces = new Bits(pieceCount)
  for (let piece = 0; piece < pieceCount; piece++) if (isVerified(piece)) pieces.add(piece)
  const files = [
    { path: ['a'], length: pieceLength / 2 },
    { path: ['b'], length: pieceLength * (pieceCount - 1) },
  ]
  const info = { name: 'n', 'piece length': pieceLength, pieces: Buffer.alloc(20 * pieceCount), files }
  return new PieceMap(bencode({ info }), pieces.toBase64())
}

it('says where the verified bytes of a file end', () => {
  const map = mapOf(5, (piece) => piece !== 2)
  const whole = 4 * pieceLength
  expect([
    map.endAfter(0, 0, whole),
    map.endAfter(1, 0, whole),
    map.endAfter(1, 1.5 * pieceLength, whole),
    map.endAfter(1, 3 * pieceLength, whole),
    map.endAfter(1, whole, whole),
  ]).toEqual([pieceLength / 2, 1.5 * pieceLength, null, whole, null])
})

it('looks at no more pieces than a reader needs, however many there are', () => {
  const map = mapOf(20_000, () => true)
  const has = vi.spyOn(Bits.prototype, 'has')
  expect(map.endAfter(1, 0, 256 * KiB)).toBeGreaterThanOrEqual(256 * KiB)
  expect(has.mock.calls.length).toBeLessThan(25)
})
