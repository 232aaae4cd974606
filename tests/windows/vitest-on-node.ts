import { createRequire, syncBuiltinESMExports } from 'node:module'
import * as node from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { format } from 'node:util'
import { type Clock, type FakeMethod, install } from '@sinonjs/fake-timers'
import { expect } from 'vitest'

// The part of Vitest's API that the suites use, on top of `node:test`: Vitest itself does not run under Wine.
export { expect }

type Body<Args extends unknown[] = []> = (...args: Args) => unknown

/** Three times as long as elsewhere: Wine's file operations are slow. */
const timeoutMs = 270_000
let finishers: (() => unknown)[] = []
/** True while a group that is skipped here registers its tests: they are counted, but neither they nor their hooks run. */
let isLeftOut = false

function register(
  title: string,
  body: Body,
  { timeout = 0, isHere }: { timeout?: number | undefined; isHere: boolean },
) {
  const run = async () => {
    finishers = []
    try {
      await body()
    } finally {
      for (const finish of finishers.toReversed()) await finish()
    }
  }
  node.it(title, { timeout: Math.max(timeout, timeoutMs), skip: isLeftOut || !isHere }, run)
}

function testsWhere(isHere: boolean) {
  const it = (title: string, body: Body, timeout?: number) => register(title, body, { timeout, isHere })
  const each =
    <Row>(rows: readonly Row[]) =>
    (title: string, body: Body<unknown[]>, timeout?: number) => {
      for (const row of rows) register(titleOf(title, row), () => body(...argumentsOf(row)), { timeout, isHere })
    }
  return Object.assign(it, { each })
}

function groupsWhere(isHere: boolean) {
  const describe = (title: string, body: () => void) => {
    node.describe(title, { timeout: Number.POSITIVE_INFINITY }, () => {
      const [wasLeftOut, outer] = [isLeftOut, afterwards]
      isLeftOut ||= !isHere
      afterwards = new Map()
      body()
      isLeftOut = wasLeftOut
      afterwards = outer
    })
  }
  const each =
    <Row>(rows: readonly Row[]) =>
    (title: string, body: Body<unknown[]>) => {
      for (const row of rows) describe(titleOf(title, row), () => void body(...argumentsOf(row)))
    }
  return Object.assign(describe, { each })
}

export const it = Object.assign(testsWhere(true), { runIf: testsWhere })
export const describe = Object.assign(groupsWhere(true), { runIf: groupsWhere })

const before = (add: typeof node.before) => (body: Body) => {
  if (!isLeftOut) add(async () => void (await body()), { timeout: timeoutMs })
}
export const beforeAll = before(node.before)
export const beforeEach = before(node.beforeEach)

/** The hooks of the current group that run after its tests: the newest first, as in Vitest. */
let afterwards = new Map<typeof node.after, Body[]>()
const after = (add: typeof node.after) => (body: Body) => {
  if (isLeftOut) return
  const bodies = afterwards.get(add) ?? []
  if (bodies.length === 0) {
    const runAll = async () => {
      for (const one of bodies.toReversed()) await one()
    }
    add(runAll, { timeout: timeoutMs })
  }
  bodies.push(body)
  afterwards.set(add, bodies)
}
export const afterAll = after(node.after)
export const afterEach = after(node.afterEach)

/** Runs after the current test, the newest first. */
export function onTestFinished(finish: () => unknown): void {
  finishers.push(finish)
}

const environment = new Map<string, string | undefined>()

/** What Vitest fakes by default. */
const usuallyFaked: FakeMethod[] = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
  'Date',
  'performance',
]
let clock: Clock | null = null

function fakeClock(): Clock {
  if (clock === null) throw new Error('the timers are real')
  return clock
}

export const vi = {
  useFakeTimers: ({ toFake = usuallyFaked }: { toFake?: FakeMethod[] } = {}): void => {
    clock?.uninstall()
    clock = install({ now: Date.now(), toFake })
  },
  useRealTimers: (): void => {
    clock?.uninstall()
    clock = null
  },
  setSystemTime: (time: number): void => fakeClock().setSystemTime(time),
  getTimerCount: (): number => fakeClock().countTimers(),
  advanceTimersByTime: (ms: number): void => void fakeClock().tick(ms),
  advanceTimersByTimeAsync: async (ms: number): Promise<void> => void (await fakeClock().tickAsync(ms)),
  /** Calls `ask` again, every 50 ms by default, until it does not throw. */
  waitFor: async <T>(ask: () => T | Promise<T>, { timeout = 1000, interval = 50 } = {}): Promise<T> => {
    for (let waitedMs = 0; ; waitedMs += interval) {
      try {
        return await ask()
      } catch (error) {
        if (waitedMs >= timeout) throw error
      }
      await sleep(interval)
      await clock?.tickAsync(interval)
    }
  },
  hoisted: <T>(make: () => T): T => make(),
  /** Replaces exports of a built-in module, for everyone who imports it. */
  mock: (name: string, make: (original: () => Promise<unknown>) => unknown): void => {
    const module = createRequire(import.meta.url)(name)
    node.before(async () => {
      const made: Record<string, unknown> = { ...((await make(async () => ({ ...module }))) as object) }
      for (const [key, value] of Object.entries(made)) if (module[key] !== value) module[key] = value
      syncBuiltinESMExports()
    })
  },
  spyOn: (target: object, name: string) => {
    const spy = node.mock.method(target as Record<string, () => unknown>, name)
    return {
      mock: {
        get calls() {
          return spy.mock.calls.map((call) => call.arguments)
        },
        get contexts() {
          return spy.mock.calls.map((call) => call.this)
        },
      },
      mockRestore: () => spy.mock.restore(),
    }
  },
  restoreAllMocks: (): void => node.mock.restoreAll(),
  stubEnv: (name: string, value: string): void => {
    if (!environment.has(name)) environment.set(name, process.env[name])
    process.env[name] = value
  },
  unstubAllEnvs: (): void => {
    for (const [name, value] of environment) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
    environment.clear()
  },
}

function argumentsOf(row: unknown): unknown[] {
  return Array.isArray(row) ? row : [row]
}

/** Fills `%s` and the like with the row, and `$name` with its fields. */
function titleOf(title: string, row: unknown): string {
  const places = title.match(/%[sdijfo]/g)?.length ?? 0
  const filled = format(title, ...argumentsOf(row).slice(0, places))
  if (typeof row !== 'object' || row === null) return filled
  return filled.replaceAll(/\$(\w+)/g, (whole, name) =>
    name in row ? `${Object.entries(row).find(([key]) => key === name)?.[1]}` : whole,
  )
}
