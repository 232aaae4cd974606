import { expect, it } from 'vitest'
import { Slab, slabBytes } from './slab.ts'

const seed = Number(process.env.PUTDESK_SEED ?? Date.now() % 1_000_000)
console.info(`slabs with PUTDESK_SEED=${seed}`)

/** Park and Miller. */
function generator(start: number): (limit: number) => number {
  let state = start + 1
  return (limit) => {
    state = (state * 48_271) % 2_147_483_647
    return state % limit
  }
}

it('never reads into a piece that somebody still has, in whatever order pieces are given back', () => {
  const random = generator(seed)
  const held: { piece: Buffer; value: number }[] = []
  let [slab, takenAgain] = [Slab.take(slabBytes), 0]
  const known = new Set<ArrayBufferLike>()
  for (let step = 0; step < 3000; step++) {
    if (slab.room.length < 100_000) {
      slab.retire()
      slab = Slab.take(slabBytes)
      if (known.has(slab.room.buffer)) takenAgain += 1
      known.add(slab.room.buffer)
    }
    const value = random(256)
    const bytes = 1 + random(100_000)
    slab.room.fill(value, 0, bytes)
    held.push({ piece: slab.fill(bytes), value })
    while (held.length > random(200)) {
      const [one] = held.splice(random(held.length), 1)
      if (one === undefined) break
      expect(one.piece.every((byte) => byte === one.value)).toBe(true)
      Slab.giveBack(one.piece)
    }
  }
  expect(takenAgain).toBeGreaterThan(10)
})

it('a piece that was taken back because its reader had copied it, and is used all the same: an error', () => {
  const slab = Slab.take(slabBytes)
  const piece = slab.fill(1000)
  slab.empty(1000)
  expect(slab.room.length).toBe(slabBytes)
  expect(() => Slab.giveBack(piece)).toThrow('after its memory had been used again')
})
