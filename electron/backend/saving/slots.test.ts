import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Slot, Slots } from './slots.ts'

const never = new AbortController().signal

it('gives slots in the order of waiting, and leaves out who gave up', async () => {
  const slots = new Slots(1)
  const order: string[] = []
  const first = await slots.take(never)
  const stop = new AbortController()
  const takes = [
    slots.take(stop.signal).catch(() => 'stopped'),
    slots.take(never).then((slot) => {
      order.push('second')
      slot.free()
    }),
    slots.take(never).then((slot) => {
      order.push('third')
      slot.free()
    }),
  ]
  stop.abort()
  expect(await takes[0]).toBe('stopped')
  first.free()
  first.free()
  await Promise.all(takes)
  expect(order).toEqual(['second', 'third'])
  await slots.take(never)
})

it('refuses who was stopped before', async () => {
  await expect(new Slots(1).take(AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped')
})

it('gives the next slot to who has the lowest rank by then', async () => {
  const slots = new Slots(1)
  const first = await slots.take(never)
  const ranks = { a: 1, b: 2 }
  const order: string[] = []
  const takes = (['a', 'b'] as const).map(async (name) => {
    const slot = await slots.take(never, { rank: () => ranks[name], connections: 1 })
    order.push(name)
    slot.free()
  })
  ranks.b = 0
  first.free()
  await Promise.all(takes)
  expect(order).toEqual(['b', 'a'])
})

it('lets many small files in beside each other, and nobody overtake who needs more', async () => {
  const slots = new Slots(4)
  const turn = (connections: number) => ({ rank: () => 0, connections })
  const small = await Promise.all(Array.from({ length: 4 }, () => slots.take(never, turn(1))))
  const order: string[] = []
  const large = slots.take(never, turn(4)).then((slot) => {
    order.push('large')
    slot.free()
  })
  const last = slots.take(never, turn(1)).then(() => order.push('last'))
  for (const slot of small) {
    await Promise.resolve()
    expect(order).toEqual([])
    slot.free()
  }
  await Promise.all([large, last])
  expect(order).toEqual(['large', 'last'])
})

it('loses no connection, whatever is held, given up and ended in whatever order', async () => {
  const act = fc.record({ who: fc.nat(3), what: fc.constantFrom('hold', 'free', 'end', 'wait', 'stop') })
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
      const slots = new Slots(2)
      const stops = Array.from({ length: 4 }, () => new AbortController())
      const turns = [1, 1, 2, 1].map((connections) => ({ rank: () => 0, connections }))
      const all: Slot[] = []
      const takes = turns.map(async (turn, who) => {
        const slot = await slots.take(stops[who]?.signal ?? never, turn).catch(() => null)
        if (slot !== null) all[who] = slot
      })
      for (const { who, what } of acts) {
        if (what === 'wait') await new Promise((resolve) => setImmediate(resolve))
        else if (what === 'stop') stops[who]?.abort(new Error('stopped'))
        else if (what === 'hold') all[who]?.hold(never).catch(() => undefined)
        else if (what === 'free') all[who]?.free()
        else all[who]?.end()
      }
      for (const stop of stops) stop.abort(new Error('stopped'))
      await Promise.all(takes)
      for (const slot of all) slot?.end()
      await new Promise((resolve) => setImmediate(resolve))
      await slots.take(AbortSignal.timeout(1000), { rank: () => 0, connections: 2 })
    }),
  )
})
