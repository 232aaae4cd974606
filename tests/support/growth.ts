import { expect } from 'vitest'
import { reportRepeated } from './repeated.ts'

/** The minimum cost, in milliseconds of processor time, at which the work is measured and not the clock. */
const measurableMs = 10
/** Quadratic work costs 4 times as much for twice the input; linear work may cost up to 2.7 when it outgrows the caches of a busy machine. */
const maxPerDoubling = 3
const runs = 2
/** The numbers of doublings of the input to try, in order, until a figure is good. Noise matters less over more doublings. */
const doublings = [2, 2, 2, 3, 3, 4, 4, 4]

/**
 * Fails when the work costs more than 3 times as much for twice the input. The sizes start where the cost can be measured. Only
 * the thread's own processor time counts, the minimum of several runs, and a bad figure is measured again over more doublings, so
 * that a busy machine makes no difference.
 */
export async function expectLinear<T>(
  make: (size: number) => T,
  work: (input: T) => unknown,
  { from = 8192, to = 256 * 1024 }: { from?: number; to?: number } = {},
): Promise<void> {
  let size = from
  let small = await costMs(make(size), work)
  while (small < measurableMs && size < to) {
    size *= small < measurableMs / 8 ? 8 : 2
    small = await costMs(make(size), work)
  }
  let growth = Number.POSITIVE_INFINITY
  let attempt = 0
  for (const times of doublings) {
    const before = attempt === 0 ? small : await costMs(make(size), work)
    const after = await costMs(make(size * 2 ** times), work)
    growth = Math.min(growth, (after / Math.max(before, measurableMs)) ** (1 / times))
    attempt++
    if (growth <= maxPerDoubling) break
  }
  if (attempt > 1) reportRepeated(`${expect.getState().currentTestName}: measured ${attempt} times`)
  expect(growth, `for each doubling, from ${size} on, which cost ${small.toFixed(1)} ms`).toBeLessThanOrEqual(
    maxPerDoubling,
  )
}

async function costMs<T>(input: T, work: (input: T) => unknown): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let run = 0; run < runs && !(run > 0 && least > 500); run++) {
    least = Math.min(least, await cpuMs(() => work(input)))
  }
  return least
}

/** The processor time of this thread, in milliseconds, without garbage collection on other threads. */
export async function cpuMs(work: () => unknown): Promise<number> {
  const before = threadCpuMs()
  await work()
  return threadCpuMs() - before
}

function threadCpuMs(): number {
  // Linux updates the figures of a thread at each tick, every 4 ms, and when those of its process are read.
  process.cpuUsage()
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
