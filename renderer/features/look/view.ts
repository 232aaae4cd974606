import type { Row } from '../../store/listing.ts'

/** What every view gets. */
export interface ViewProps {
  row: Row
  /** A link that reads the file. */
  url: string
  /** Adds to the facts at the top, such as the size of a picture. */
  onFacts(facts: string): void
  /** Opens the file again. */
  onRetry(): void
}
