const maxLinks = 10_000

/** The sizes of links that were analyzed, so that a transfer that still waits has a size. The oldest are forgotten. */
export interface KnownSizes {
  learn(link: string, sizeBytes: number | null): void
  /** The size of all the links together; null unless every one is known. */
  of(links: readonly string[]): number | null
}

export function createKnownSizes(): KnownSizes {
  const sizes = new Map<string, number>()
  return {
    learn: (link, sizeBytes) => {
      sizes.delete(link)
      if (sizeBytes === null) return
      sizes.set(link, sizeBytes)
      const [oldest] = sizes.keys()
      if (sizes.size > maxLinks && oldest !== undefined) sizes.delete(oldest)
    },
    of: (links) => {
      let sum = 0
      for (const link of links) {
        const size = sizes.get(link)
        if (size === undefined) return null
        sum += size
      }
      return sum
    },
  }
}
