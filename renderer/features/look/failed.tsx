import { RetryButton } from '../../parts/retry-button.tsx'
import type { Row } from '../../store/listing.ts'
import { Message } from './message.tsx'
import type { Failure } from './use-loaded.ts'

interface Props {
  row: Row
  failure: Failure
  onRetry(): void
}

/** Why a file cannot be shown, and a button that tries again if that may help. */
export function Failed({ row, failure, onRetry }: Props) {
  const action = failure.isPassing ? <RetryButton onRetry={onRetry} /> : null
  return (
    <Message row={row} action={action}>
      {failure.sentence}
    </Message>
  )
}
