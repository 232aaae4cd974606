import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { isAffordable } from '../../electron/desktop/message-cost.ts'
import { type Handlers, type Method, methods } from '../../shared/contract.ts'
import { AppError } from '../../shared/errors.ts'
import { maxMessageCost, maxTextLength } from '../../shared/limits.ts'
import { connect, serve } from '../../shared/rpc.ts'
import { portPair } from '../support/backend.ts'

const names = Object.keys(methods) as Method[]

afterEach(() => {
  vi.useRealTimers()
})

/** The same handler for every method. */
function handlersOf(handler: (method: Method, ...asked: Parameters<Handlers[Method]>) => Promise<unknown>): Handlers {
  return Object.fromEntries(
    names.map((name) => [name, (...asked: Parameters<Handlers[Method]>) => handler(name, ...asked)]),
  ) as unknown as Handlers
}

function join(handlers: Handlers) {
  const [ours, theirs] = portPair()
  const reported: unknown[] = []
  const served = serve(theirs, handlers, (_method, error) => reported.push(error))
  return { client: connect(ours), served, reported, port: ours }
}

const folder = { accountId: 'a', folderId: 0 }
const move = { accountId: 'a', itemIds: [1, 2, 3], folderId: 0 }

it('ends a cancelled request at once on both sides, even when its handler keeps running', async () => {
  const seen = Promise.withResolvers<AbortSignal>()
  const { client } = join(
    handlersOf((_method, _input, { signal }) => {
      seen.resolve(signal)
      return new Promise(() => undefined)
    }),
  )
  const controller = new AbortController()
  const path = client.call('items.path', folder, { signal: controller.signal })
  const signal = await seen.promise
  controller.abort()
  await expect(path).rejects.toMatchObject({ code: 'cancelled' })
  await vi.waitFor(() => expect(signal.aborted).toBe(true))
  await expect(client.call('items.path', folder, { signal: controller.signal })).rejects.toMatchObject({
    code: 'cancelled',
  })
})

it('reports the progress of a long request, with declared fields only', async () => {
  const { client } = join(
    handlersOf(async (_method, _input, { tell }) => {
      const steps = { done: 1, total: 3, secret: 'x' }
      ;(tell as (progress: unknown) => void)(steps)
      return []
    }),
  )
  const heard: unknown[] = []
  await client.call('items.move', move, { onProgress: (steps) => heard.push(steps) })
  expect(heard).toEqual([{ done: 1, total: 3 }])
})

it('reports a handler that never ends, and answers its request', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  let aborted: AbortSignal | null = null
  const { client, reported } = join(
    handlersOf((_method, _input, { signal }) => {
      aborted = signal
      return new Promise(() => undefined)
    }),
  )
  const path = client.call('items.path', folder)
  path.catch(() => undefined)
  await vi.advanceTimersByTimeAsync(31_000)
  expect(String(reported[0])).toContain('silent')
  await vi.advanceTimersByTimeAsync(300_000)
  await expect(path).rejects.toMatchObject({ code: 'unreachable', message: expect.stringContaining('took too long') })
  expect((aborted as AbortSignal | null)?.aborted).toBe(true)
})

it('lets a handler that reports progress take as long as it needs', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  const end = Promise.withResolvers<unknown>()
  const { client, reported } = join(
    handlersOf((_method, _input, { tell }) => {
      const next = (done: number): void => {
        ;(tell as (progress: unknown) => void)({ done, total: 10 })
        if (done < 10) setTimeout(() => next(done + 1), 200_000)
        else end.resolve([])
      }
      setTimeout(() => next(1), 20_000)
      return end.promise
    }),
  )
  const moved = client.call('items.move', move)
  await vi.advanceTimersByTimeAsync(2_500_000)
  await expect(moved).resolves.toEqual([])
  expect(reported).toEqual([])
})

it('answers every open request when the window closes', async () => {
  const { client, served } = join(handlersOf(() => new Promise(() => undefined)))
  const open = [client.call('items.path', folder), client.call('items.move', move), client.call('sync', {})]
  const outcomes = Promise.allSettled(open)
  await vi.waitFor(() => undefined)
  served.close()
  expect((await outcomes).map((one) => one.status === 'rejected' && one.reason.code)).toEqual([
    'cancelled',
    'cancelled',
    'cancelled',
  ])
})

it('refuses a second request under the same id, and answers the first', async () => {
  const { port } = join(handlersOf(async () => []))
  const answers: unknown[] = []
  port.onMessage((message) => answers.push(message))
  for (let time = 0; time < 2; time++) port.send({ id: 5, method: 'items.path', input: folder })
  await vi.waitFor(() => expect(answers).toHaveLength(2))
  expect(answers).toContainEqual({ id: 5, output: [] })
  expect(answers).toContainEqual({ id: 5, error: { code: 'bad-input', sentence: expect.any(String) } })
})

it('refuses input that cannot be sent, and leaves nothing pending', async () => {
  const { client } = join(handlersOf(async () => []))
  const input = { ...folder, folderId: (() => 0) as unknown as number }
  await expect(client.call('items.path', input)).rejects.toMatchObject({ code: 'bad-input' })
})

it.each(names)('accepts the largest input that the schema of %s allows', (name) => {
  const schema = z.toJSONSchema(methods[name].input, { io: 'input', unrepresentable: 'any' })
  expect(costOf(schema) + 100).toBeLessThanOrEqual(maxMessageCost)
})

/** The maximum cost on the pipe of a value of a schema: infinite where it has no limit. */
function costOf(schema: z.core.JSONSchema._JSONSchema): number {
  if (typeof schema === 'boolean') return Number.POSITIVE_INFINITY
  const options = schema.anyOf ?? schema.oneOf
  if (options !== undefined) return Math.max(...options.map(costOf))
  const { type } = schema as { type?: unknown }
  if (Array.isArray(type)) return Math.max(...type.map((one) => costOf({ ...schema, type: one })))
  if (schema.const !== undefined) return String(schema.const).length + 8
  if (schema.enum !== undefined) return Math.max(...schema.enum.map((value) => String(value).length + 8))
  switch (schema.type) {
    case 'string':
      return schema.maxLength ?? Number.POSITIVE_INFINITY
    case 'array': {
      const { items, maxItems = Number.POSITIVE_INFINITY } = schema
      return items === undefined || Array.isArray(items) ? Number.POSITIVE_INFINITY : maxItems * (1 + costOf(items))
    }
    case 'object':
      if (schema.additionalProperties !== false && schema.additionalProperties !== undefined)
        return Number.POSITIVE_INFINITY
      return Object.entries(schema.properties ?? {}).reduce(
        (sum, [name, value]) => sum + name.length + 1 + costOf(value),
        0,
      )
    case 'integer':
    case 'number':
    case 'boolean':
    case 'null':
      return 8
    default:
      return Number.POSITIVE_INFINITY
  }
}

/** What a hostile page could send as an input, or as a part of one. */
const odd = fc.oneof(
  fc.anything({ withDate: true, withMap: true, withSet: true, withTypedArray: true, withBigInt: true }),
  fc.constantFrom<unknown>(
    Number.NaN,
    -0,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    -1,
    '',
    '\0',
    '__proto__',
    undefined,
    null,
  ),
  fc.constantFrom<unknown>([], {}, JSON.parse('{"__proto__": {"accountId": "a"}}'), Object.create({ accountId: 'a' })),
  fc.constantFrom(1, 65, 1025, 8193, maxTextLength + 1, maxMessageCost).map((length) => 'x'.repeat(length)),
  fc.nat({ max: 4_000_000_000 }).map((length) => Object.assign([], { length })),
  fc.constant(null).map(() => {
    const circle: unknown[] = []
    circle.push(circle)
    return circle
  }),
)

it.each(names)('answers each of 200 wrong inputs to %s', async (name) => {
  const { port } = join(
    handlersOf(async () => {
      throw new AppError('refused', 'reached')
    }),
  )
  const answers = new Map<number, unknown>()
  port.onMessage((message) => {
    const { id } = message as { id: number }
    answers.set(id, message)
  })
  const fields = Object.keys((methods[name].input as z.ZodObject).shape)
  const good: Record<string, unknown> = { accountId: 'a', folderId: 0, itemIds: [1], links: ['http://a/'] }
  const inputs = fc.sample(
    fc.oneof(
      odd,
      fc.record(Object.fromEntries(fields.map((field) => [field, fc.oneof(fc.constant(good[field]), odd)]))),
    ),
    { numRuns: 200, seed: 20_26 },
  )
  for (const [id, input] of inputs.entries()) {
    const message = { id, method: name, input }
    // Like the window's port, which answers a message that costs too much without reading it.
    if (!isAffordable(message, maxMessageCost)) continue
    port.send(message)
    while (!answers.has(id)) await setImmediate()
  }
  for (const message of answers.values()) expect(message).toHaveProperty('error')
})
