import { expect, it } from 'vitest'
import { RequestQueue } from './queue.ts'

/** A clock that only moves when it is told to. */
function fakeClock() {
  let now = 0
  const sleeping: { until: number; wake(): void }[] = []
  return {
    nowMs: () => now,
    wait: (ms: number, signal: AbortSignal | undefined) =>
      new Promise<void>((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason))
        sleeping.push({ until: now + ms, wake: resolve })
      }),
    async advance(ms: number) {
      now += ms
      for (const { until, wake } of sleeping) if (until <= now) wake()
      await settle()
    },
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
}

/** A queue and requests that end when they are told to. */
function start() {
  const clock = fakeClock()
  const queue = new RequestQueue(clock)
  const sent: string[] = []
  const ends = new Map<string, (error?: Error) => void>()
  const run = (name: string, { isSerial = false, signal }: { isSerial?: boolean; signal?: AbortSignal } = {}) =>
    queue.run({ isSerial, signal }, () => {
      sent.push(name)
      return new Promise<string>((resolve, reject) => {
        ends.set(name, (error) => (error === undefined ? resolve(name) : reject(error)))
      })
    })
  const end = async (name: string, error?: Error) => {
    ends.get(name)?.(error)
    await settle()
  }
  return { clock, queue, sent, run, end }
}

it('sends four requests at a time, in the order in which they came', async () => {
  const { sent, run, end } = start()
  const all = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => run(name).catch((error: Error) => error.message))
  await settle()
  expect(sent).toEqual(['a', 'b', 'c', 'd'])
  await end('c', new Error('failed'))
  expect(sent).toEqual(['a', 'b', 'c', 'd', 'e'])
  await end('a')
  expect(sent).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  for (const name of ['b', 'd', 'e', 'f']) await end(name)
  expect(await Promise.all(all)).toEqual(['a', 'b', 'failed', 'd', 'e', 'f'])
})

it('sends one delete at a time, while others go on', async () => {
  const { sent, run, end } = start()
  for (const name of ['x', 'y', 'z']) void run(name, { isSerial: true })
  void run('a')
  await settle()
  expect(sent).toEqual(['x', 'a'])
  await end('x')
  expect(sent).toEqual(['x', 'a', 'y'])
  await end('y')
  expect(sent).toEqual(['x', 'a', 'y', 'z'])
})

it('sends nothing before the time that was told, also when it grows meanwhile', async () => {
  const { clock, queue, sent, run } = start()
  queue.pauseFor(1000)
  void run('a')
  await clock.advance(999)
  expect(sent).toEqual([])
  queue.pauseFor(500)
  queue.pauseFor(10)
  await clock.advance(1)
  expect(sent).toEqual([])
  await clock.advance(498)
  expect(sent).toEqual([])
  await clock.advance(1)
  expect(sent).toEqual(['a'])
})

it('forgets a request that is aborted while it waits, and does not lose its place to nobody', async () => {
  const { sent, run, end } = start()
  const first = ['a', 'b', 'c', 'd'].map((name) => run(name))
  const aborting = new AbortController()
  const gone = run('gone', { signal: aborting.signal }).catch((error: unknown) => error)
  const late = run('late')
  aborting.abort(new Error('not wanted'))
  expect(await gone).toEqual(new Error('not wanted'))
  await end('a')
  expect(sent).toEqual(['a', 'b', 'c', 'd', 'late'])
  for (const name of ['b', 'c', 'd', 'late']) await end(name)
  await Promise.all([...first, late])
})

it('does not send a request that is aborted during a pause', async () => {
  const { clock, queue, sent, run } = start()
  queue.pauseFor(1000)
  const aborting = new AbortController()
  const gone = run('gone', { signal: aborting.signal }).catch((error: unknown) => error)
  await settle()
  aborting.abort(new Error('not wanted'))
  expect(await gone).toEqual(new Error('not wanted'))
  await clock.advance(2000)
  expect(sent).toEqual([])
})
