import { FileInput, WandSparkles } from 'lucide-react'
import type { AnalysisReport, TorrentFile } from '../../../shared/analysis.ts'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { keysOf } from '../../parts/keys.ts'
import { Problem } from '../../parts/problem.tsx'
import { say } from '../../words/say.ts'
import styles from './add-links.module.css'
import { LinksReport } from './links-report.tsx'

interface Props {
  count: number
  /** Null while there are no rows. */
  report: AnalysisReport | null
  files: readonly TorrentFile[]
  isAdding: boolean
  isOver: boolean
  problem: string | null
  /** What happened last, if all is well. */
  notice: string | null
  keys: string
  onBest(): void
  onChoose(): void
  onCancel(): void
  onSubmit(): void
}

/** The actions of the dialog, and the last error. */
export function AddLinksFoot({ count, report, files, isAdding, isOver, problem, notice, keys, ...on }: Props) {
  return (
    <>
      <Problem sentence={problem} className={styles.problem} />
      <footer className={styles.foot}>
        {report === null ? (
          <Button title={keysOf('Ctrl', 'O')} onClick={on.onChoose}>
            <Icon of={FileInput} />
            {say('links.chooseFiles')}
          </Button>
        ) : (
          <>
            <Button onClick={on.onBest}>
              <Icon of={WandSparkles} />
              {say('links.best')}
            </Button>
            <LinksReport report={report} files={files} />
          </>
        )}
        {notice !== null && problem === null ? (
          <p role="status" className={styles.notice}>
            {notice}
          </p>
        ) : null}
        {isOver && problem === null ? <p className={styles.over}>{say('ledger.over')}</p> : null}
        <span className={styles.gap} />
        <Button onClick={on.onCancel}>{say('action.cancel')}</Button>
        <Button look="primary" title={keys} aria-disabled={isAdding || count === 0} onClick={on.onSubmit}>
          {isAdding ? say('links.adding') : say('links.submit', { count })}
        </Button>
      </footer>
    </>
  )
}
