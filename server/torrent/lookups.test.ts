import type { LookupAddress } from 'node:dns'
import { expect, it } from 'vitest'
import { createLookups } from './lookups.ts'

it('looks up two names at a time, each once for all who ask, and continues after a failure', async () => {
  const asked: { host: string; answer: PromiseWithResolvers<LookupAddress[]> }[] = []
  const lookUp = createLookups((host) => {
    const answer = Promise.withResolvers<LookupAddress[]>()
    asked.push({ host, answer })
    return answer.promise
  })
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  const hosts = () => asked.map(({ host }) => host)
  const all = ['a', 'b', 'a', 'c', 'b', 'd'].map((host) => lookUp(host, {}))
  const ended = Promise.allSettled(all)
  await settle()
  expect(hosts()).toEqual(['a', 'b'])
  asked[0]?.answer.reject(new Error('gone'))
  await settle()
  expect(hosts()).toEqual(['a', 'b', 'c'])
  for (const at of [1, 2, 3]) {
    asked[at]?.answer.resolve([{ address: '192.0.2.1', family: 4 }])
    await settle()
  }
  expect((await ended).map(({ status }) => status)).toEqual([
    'rejected',
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ])
  // Nothing is cached: the address of a name can change.
  lookUp('a', {}).catch(() => undefined)
  await settle()
  expect(hosts()).toEqual(['a', 'b', 'c', 'd', 'a'])
})
