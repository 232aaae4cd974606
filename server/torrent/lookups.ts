import type { LookupAddress, LookupAllOptions, LookupOptions } from 'node:dns'

const maxAtOnce = 2

type Family = Pick<LookupOptions, 'family' | 'hints'>

/**
 * Looks up every address of a name; rejects as the system does. The system resolves few names at once, for the whole program, and
 * unanswered ones take long. Trackers are many and often gone, so at most two of theirs are looked up at a time, each once: links
 * to fetch never queue behind all of them.
 */
export function createLookups(resolve: (host: string, options: LookupAllOptions) => Promise<LookupAddress[]>) {
  const going = new Map<string, Promise<LookupAddress[]>>()
  const inLine: (() => void)[] = []
  let running = 0

  const inTurn = async (host: string, options: Family) => {
    if (running >= maxAtOnce) await new Promise<void>((enter) => inLine.push(enter))
    else running += 1
    try {
      return await resolve(host, { ...options, all: true })
    } finally {
      const next = inLine.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
  return (host: string, { family = 0, hints = 0 }: Family): Promise<LookupAddress[]> => {
    const key = `${family} ${hints} ${host}`
    const asked = going.get(key) ?? inTurn(host, { family, hints }).finally(() => going.delete(key))
    going.set(key, asked)
    return asked
  }
}
