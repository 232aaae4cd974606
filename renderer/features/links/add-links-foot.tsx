import { FileInput, WandSparkles } from 'lucide-react'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { keysOf } from '../../parts/keys.ts'
import { say } from '../../words/say.ts'
import styles from './add-links.module.css'

interface Props {
  count: number
  hasRows: boolean
  isAdding: boolean
  isOver: boolean
  problem: string | null
  keys: string
  onBest(): void
  onChoose(): void
  onCancel(): void
  onSubmit(): void
}

/** The acts of the dialog, and why one was refused. */
export function AddLinksFoot({ count, hasRows, isAdding, isOver, problem, keys, ...on }: Props) {
  return (
    <>
      {problem === null ? null : (
        <p role="alert" className={styles.problem}>
          {problem}
        </p>
      )}
      <footer className={styles.foot}>
        {hasRows ? (
          <Button onClick={on.onBest}>
            <Icon of={WandSparkles} />
            {say('links.best')}
          </Button>
        ) : (
          <Button title={keysOf('Ctrl', 'O')} onClick={on.onChoose}>
            <Icon of={FileInput} />
            {say('links.chooseFiles')}
          </Button>
        )}
        {isOver && problem === null ? <p className={styles.over}>{say('ledger.over')}</p> : null}
        <span className={styles.gap} />
        <Button onClick={on.onCancel}>{say('act.cancel')}</Button>
        <Button look="primary" title={keys} aria-disabled={isAdding || count === 0} onClick={on.onSubmit}>
          {isAdding ? say('links.adding') : say('links.submit', { count })}
        </Button>
      </footer>
    </>
  )
}
