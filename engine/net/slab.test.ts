import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Slab, slabBytes } from './slab.ts'

const step = fc.record({
  bytes: fc.integer({ min: 1, max: 100_000 }),
  value: fc.integer({ min: 0, max: 255 }),
  /** Which of the held pieces is given back, if any. */
  back: fc.option(fc.nat()),
})

it('never reads into a piece that is still held, in whatever order pieces are given back', () => {
  const known = new Set<ArrayBufferLike>()
  let timesUsedAgain = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 50, maxLength: 200 }), (steps) => {
      const held: { piece: Buffer; value: number }[] = []
      let slab = Slab.take(slabBytes)
      for (const { bytes, value, back } of steps) {
        if (slab.room.length < bytes) {
          slab.retire()
          slab = Slab.take(slabBytes)
          if (known.has(slab.room.buffer)) timesUsedAgain += 1
          known.add(slab.room.buffer)
        }
        slab.room.fill(value, 0, bytes)
        held.push({ piece: slab.fill(bytes), value })
        const [one] = back === null ? [] : held.splice(back % held.length, 1)
        if (one === undefined) continue
        expect(one.piece.equals(Buffer.alloc(one.piece.length, one.value))).toBe(true)
        Slab.giveBack(one.piece)
      }
      for (const { piece, value } of held) expect(piece.equals(Buffer.alloc(piece.length, value))).toBe(true)
      for (const { piece } of held) Slab.giveBack(piece)
      slab.retire()
    }),
    { numRuns: 50 },
  )
  expect(timesUsedAgain).toBeGreaterThan(10)
})

it('rejects a piece that is given back after its memory was reused', () => {
  const slab = Slab.take(slabBytes)
  const piece = slab.fill(1000)
  slab.empty(1000)
  expect(slab.room.length).toBe(slabBytes)
  expect(() => Slab.giveBack(piece)).toThrow('after its memory had been used again')
})

it('frees the memory of a foreign piece only when nothing else shares it', () => {
  const alone = Buffer.allocUnsafeSlow(1000)
  const shared = Buffer.allocUnsafeSlow(1000)
  Slab.giveBack(alone)
  Slab.giveBack(shared.subarray(0, 500))
  expect([alone.length, shared.length]).toEqual([0, 1000])
})
