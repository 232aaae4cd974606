import dns, { type LookupAddress, type LookupOptions } from 'node:dns'

/**
 * The system looks up few names at once, for the whole program. Trackers are many and often gone, so only so many of theirs are asked
 * for at a time, each once: links to fetch are never behind them all.
 */
const maxAtOnce = 2

const going = new Map<string, Promise<LookupAddress[]>>()
const inLine: (() => void)[] = []
let running = 0

/** Every address of a name. Rejects as `dns.lookup` does. */
export function lookUpAll(
  host: string,
  { family = 0, hints = 0 }: Pick<LookupOptions, 'family' | 'hints'>,
): Promise<LookupAddress[]> {
  const key = `${family} ${hints} ${host}`
  const asked = going.get(key) ?? lookUp(host, { family, hints }).finally(() => going.delete(key))
  going.set(key, asked)
  return asked
}

async function lookUp(host: string, options: Pick<LookupOptions, 'family' | 'hints'>): Promise<LookupAddress[]> {
  if (running >= maxAtOnce) await new Promise<void>((enter) => inLine.push(enter))
  else running += 1
  try {
    return await dns.promises.lookup(host, { ...options, all: true })
  } finally {
    const next = inLine.shift()
    if (next === undefined) running -= 1
    else next()
  }
}
