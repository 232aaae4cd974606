import type { ReactNode } from 'react'
import type { Row } from '../../store/listing.ts'
import { formatExactMoment, formatExactSize } from '../../words/format.ts'
import { say } from '../../words/say.ts'
import styles from './quick-look.module.css'

interface Props {
  row?: Row
  isWaiting?: boolean
  /** A button below the sentence. */
  action?: ReactNode
  children: ReactNode
}

/** A sentence in place of the content, with the facts of the file if there are any. */
export function Message({ row, isWaiting = false, action = null, children }: Props) {
  return (
    <div className={styles.message} role={isWaiting ? undefined : 'status'}>
      <p>{children}</p>
      {action}
      {row === undefined ? null : (
        <dl className={styles.facts}>
          <dt>{say('list.kind')}</dt>
          <dd>{say(`kind.${row.kind}`)}</dd>
          <dt>{say('list.size')}</dt>
          <dd>{formatExactSize(row.sizeBytes)}</dd>
          <dt>{say('list.added')}</dt>
          <dd>{row.addedAtMs === null ? '–' : formatExactMoment(row.addedAtMs)}</dd>
        </dl>
      )}
    </div>
  )
}
