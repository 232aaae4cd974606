import { setImmediate as yieldToEventLoop } from 'node:timers/promises'

let last: Promise<unknown> = Promise.resolve()

/**
 * Runs work on large requests one after another, and other work in between, so that everyone else waits for one piece of it
 * at most.
 */
export function inTurn<T>(work: () => T | Promise<T>): Promise<T> {
  const mine = last.then(() => yieldToEventLoop()).then(work)
  last = mine.catch(() => undefined)
  return mine
}
