const maxFailures = 20
const windowMs = 60_000
const maxCallers = 10_000

/** Counts failed attempts to sign in: after 20 in a minute a caller has to pause until the minute is over. */
export function createAttempts(now: () => number = () => performance.now()) {
  const callers = new Map<string, { failures: number; sinceMs: number }>()
  const find = (caller: string) => {
    const seen = callers.get(caller)
    if (seen === undefined || now() - seen.sinceMs < windowMs) return seen
    callers.delete(caller)
    return undefined
  }
  return {
    /** How long the caller still has to pause; 0 when it may try. */
    pauseMs: (caller: string): number => {
      const seen = find(caller)
      return seen === undefined || seen.failures < maxFailures ? 0 : Math.max(1, windowMs - (now() - seen.sinceMs))
    },
    fail: (caller: string): void => {
      const seen = find(caller)
      if (seen !== undefined) seen.failures += 1
      else {
        const [oldest] = callers.keys()
        if (callers.size >= maxCallers && oldest !== undefined) callers.delete(oldest)
        callers.set(caller, { failures: 1, sinceMs: now() })
      }
    },
  }
}

export type Attempts = ReturnType<typeof createAttempts>
