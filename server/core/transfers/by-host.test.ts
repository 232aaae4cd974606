import fc from 'fast-check'
import { expect, it } from 'vitest'
import { eachByHost } from './by-host.ts'

it('runs every job once, those of a host in order, and always as many at once as the limits allow', async () => {
  const host = fc.constantFrom('', 'a', 'b', 'c', 'd', 'e')
  await fc.assert(
    fc.asyncProperty(
      fc.array(host, { maxLength: 80 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 4 }),
      fc.scheduler(),
      async (hosts, maxAtOnce, maxPerHost, scheduler) => {
        const jobs = hosts.map((its, index) => ({ its, index }))
        const running = new Map<string, number>()
        const started: number[] = []
        const count = (its: string) => running.get(its) ?? 0
        const done = eachByHost(
          jobs,
          ({ its }) => its,
          { maxAtOnce, maxPerHost },
          async ({ its, index }) => {
            started.push(index)
            running.set(its, count(its) + 1)
            await scheduler.schedule(Promise.resolve())
            running.set(its, count(its) - 1)
          },
        )
        while (scheduler.count() > 0) {
          const all = [...running.values()].reduce((sum, one) => sum + one, 0)
          const left = jobs.filter(({ index }) => !started.includes(index))
          const canStart = left.some(({ its }) => its === '' || count(its) < maxPerHost)
          expect(all).toBeLessThanOrEqual(maxAtOnce)
          expect([...running].every(([its, one]) => its === '' || one <= maxPerHost)).toBe(true)
          expect(all === maxAtOnce || !canStart).toBe(true)
          await scheduler.waitOne()
          await new Promise((resolve) => setImmediate(resolve))
        }
        await done
        expect(started.toSorted((a, b) => a - b)).toEqual([...jobs.keys()])
        const orderOf = (its: string) => started.filter((index) => hosts[index] === its)
        for (const its of new Set(hosts)) expect(orderOf(its)).toEqual(orderOf(its).toSorted((a, b) => a - b))
      },
    ),
    { numRuns: 100 },
  )
})
