import { LoaderCircle, TriangleAlert } from 'lucide-react'
import type { AnalyzedLink } from '../../../shared/analysis.ts'
import { maxLinks } from '../../../shared/limits.ts'
import { Icon } from '../../parts/icon.tsx'
import { Problem } from '../../parts/problem.tsx'
import { RetryButton } from '../../parts/retry-button.tsx'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './add-links.module.css'
import type { Ledger } from './ledger.ts'
import { LinkRow } from './link-row.tsx'

interface Props {
  /** True if the text field is empty. */
  isEmpty: boolean
  ledger: Ledger
  ticked: ReadonlySet<number>
  /** Why the service refused to add a row; null if it did not. */
  refusalOf(row: AnalyzedLink): string | null
  onTick(at: number, isTicked: boolean): void
  onRetry(): void
}

/** The analyzed links, one row each; a progress message while they are analyzed, or an error. */
export function LinkRows({ isEmpty, ledger, ticked, refusalOf, onTick, onRetry }: Props) {
  const { links, report, leftOut, isRunning, problem } = useApp((state) => state.analysis)

  if (problem !== null && report === null) {
    return (
      <div className={styles.message} role="alert">
        <Icon of={TriangleAlert} />
        <p>{problem}</p>
        <RetryButton onRetry={onRetry} />
      </div>
    )
  }
  if (isRunning && report === null) {
    return (
      <div className={styles.message} role="status">
        <Icon of={LoaderCircle} className={styles.turning} />
        <div className={styles.words}>
          <p>{say('links.analyzing', { count: links.length })}</p>
          {leftOut > 0 ? <p>{say('links.leftOut', { count: leftOut, max: maxLinks })}</p> : null}
        </div>
      </div>
    )
  }
  if (report === null) {
    return <p className={styles.message}>{say(isEmpty ? 'links.idle' : 'links.none')}</p>
  }
  const reported = new Set(report.rows.flatMap((row) => row.links))
  const missing = links.filter((link) => !reported.has(link)).length
  return (
    <ul className={styles.rows} aria-label={say('links.table')} aria-busy={isRunning}>
      {report.rows.map((row, at) => (
        <LinkRow
          key={row.links.join('\n')}
          row={row}
          fit={ledger.fits[at] ?? { kind: 'problem' }}
          refusal={refusalOf(row)}
          isTicked={ticked.has(at)}
          onTick={(isTicked) => onTick(at, isTicked)}
        />
      ))}
      {isRunning && missing > 0 ? (
        <li className={styles.more}>
          <Icon of={LoaderCircle} className={styles.turning} />
          {say('links.analyzingMore', { count: missing })}
        </li>
      ) : null}
      {leftOut > 0 ? (
        <li className={styles.more} role="status">
          {say('links.leftOut', { count: leftOut, max: maxLinks })}
        </li>
      ) : null}
      {problem === null ? null : (
        <li className={styles.trouble}>
          <Problem sentence={problem} onRetry={onRetry} />
        </li>
      )}
    </ul>
  )
}
