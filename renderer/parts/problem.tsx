import { classNames } from './class-names.ts'
import styles from './problem.module.css'
import { RetryButton } from './retry-button.tsx'

interface Props {
  /** What went wrong; nothing is shown for null. */
  sentence: string | null
  /** For a field that refers to it. */
  id?: string
  className?: string | undefined
  /** Tries again what went wrong. */
  onRetry?: (() => void) | undefined
}

/** What went wrong, where it did, and the button that tries it again. */
export function Problem({ sentence, id, className, onRetry }: Props) {
  if (sentence === null) return null
  return (
    <div role="alert" className={classNames(styles.problem, className)}>
      <p id={id}>{sentence}</p>
      {onRetry === undefined ? null : <RetryButton onRetry={onRetry} />}
    </div>
  )
}
