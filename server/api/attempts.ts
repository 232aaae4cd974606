import { isIPv6 } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

const maxFailures = 20
const windowMs = 60_000
const maxCallers = 10_000
const throttleMs = 1000
const maxWaiting = 8

/**
 * Counts failed attempts to sign in. A correct key, token or password is never refused because of them. They only
 * change how wrong ones are answered, and slow down the guessing of passwords, which may be short.
 */
export function createAttempts(now: () => number = () => performance.now()) {
  const callers = new Map<string, { failures: number; sinceMs: number; waiting: number }>()
  const find = (caller: string) => {
    const seen = callers.get(caller)
    if (seen === undefined || now() - seen.sinceMs < windowMs) return seen
    callers.delete(caller)
    return undefined
  }
  return {
    /**
     * Records a wrong attempt. Returns how many milliseconds the caller should pause: 0 for the first twenty in a
     * minute.
     */
    fail: (caller: string): number => {
      const seen = find(caller)
      if (seen !== undefined) {
        seen.failures += 1
        return seen.failures > maxFailures ? Math.max(1, windowMs - (now() - seen.sinceMs)) : 0
      }
      const [oldest] = callers.keys()
      if (callers.size >= maxCallers && oldest !== undefined) callers.delete(oldest)
      callers.set(caller, { failures: 1, sinceMs: now(), waiting: 0 })
      return 0
    },
    /** How many milliseconds the caller should pause: 0 for one with few wrong attempts. */
    pauseMs: (caller: string): number => {
      const seen = find(caller)
      return seen === undefined || seen.failures <= maxFailures ? 0 : Math.max(1, windowMs - (now() - seen.sinceMs))
    },
    /**
     * Delays a caller with many failures by a second before a guess is checked. Returns false when too many of its
     * guesses are waiting already.
     */
    throttle: async (caller: string): Promise<boolean> => {
      const seen = find(caller)
      if (seen === undefined || seen.failures < maxFailures) return true
      if (seen.waiting >= maxWaiting) return false
      seen.waiting += 1
      await wait(throttleMs)
      seen.waiting -= 1
      return true
    },
  }
}

export type Attempts = ReturnType<typeof createAttempts>

/** The key by which attempts are counted: for IPv6 the network, because whoever has one address has all of it. */
export function callerAt(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail = ''] = address.split('::')
  const [groups, last] = [head, tail].map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = Array.from({ length: Math.max(0, 8 - (groups?.length ?? 0) - (last?.length ?? 0)) }, () => '0')
  return [...(groups ?? []), ...zeros, ...(last ?? [])].slice(0, 4).join(':')
}
