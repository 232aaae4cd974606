import type { LookupAddress, LookupAllOptions, LookupOptions } from 'node:dns'

const maxAtOnce = 2

type Family = Pick<LookupOptions, 'family' | 'hints'>

/**
 * Looks up every address of a name; rejects as the system does. The system resolves only a few names at a time for the whole
 * program, and waits long for those without an answer. Torrents have many trackers and most are gone, so at most two names are
 * looked up at a time, each once, and links never queue behind them.
 */
export function createLookups(resolve: (host: string, options: LookupAllOptions) => Promise<LookupAddress[]>) {
  const inFlight = new Map<string, Promise<LookupAddress[]>>()
  const queue: (() => void)[] = []
  let running = 0

  const queued = async (host: string, options: Family) => {
    if (running >= maxAtOnce) await new Promise<void>((enter) => queue.push(enter))
    else running += 1
    try {
      return await resolve(host, { ...options, all: true })
    } finally {
      const next = queue.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
  return (host: string, { family = 0, hints = 0 }: Family): Promise<LookupAddress[]> => {
    const key = `${family} ${hints} ${host}`
    const lookup = inFlight.get(key) ?? queued(host, { family, hints }).finally(() => inFlight.delete(key))
    inFlight.set(key, lookup)
    return lookup
  }
}
