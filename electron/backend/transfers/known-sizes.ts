import type { AnalyzedLink } from '../../../shared/analysis.ts'
import type { ExpectedSize } from '../putio/transfer-feed.ts'

const maxRows = 10_000
const unknown: ExpectedSize = { sizeBytes: null, unpackedBytes: null }

/**
 * What analyses found out about links, by account, so that a transfer that still waits has a size even if its service does not report
 * one. The oldest are forgotten.
 */
export class KnownSizes {
  readonly #rows = new Map<string, ExpectedSize>()

  learn(accountId: string, rows: readonly AnalyzedLink[]): void {
    for (const { links, sizeBytes, unpackedBytes } of rows) {
      const key = keyOf(accountId, links)
      this.#rows.delete(key)
      if (sizeBytes !== null) this.#rows.set(key, { sizeBytes, unpackedBytes })
      const [oldest] = this.#rows.keys()
      if (this.#rows.size > maxRows && oldest !== undefined) this.#rows.delete(oldest)
    }
  }

  /** What the links of one transfer will take. */
  of(accountId: string, links: readonly string[]): ExpectedSize {
    return this.#rows.get(keyOf(accountId, links)) ?? unknown
  }
}

/** The parts of an archive can be in any order. */
function keyOf(accountId: string, links: readonly string[]): string {
  return `${accountId} ${[...links].sort().join(' ')}`
}
