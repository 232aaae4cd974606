import { Button } from '../../parts/button.tsx'
import { say } from '../../words/say.ts'
import styles from './sign-in.module.css'

interface Props {
  /** What it waits for. */
  sentence: string
  onOther(): void
  onCancel(): void
}

/** The foot of a sign-in that waits for the person. */
export function WaitingFoot({ sentence, onOther, onCancel }: Props) {
  return (
    <footer className={styles.waiting}>
      <p>{sentence}</p>
      <Button look="quiet" onClick={onOther}>
        {say('ways.other')}
      </Button>
      <Button onClick={onCancel}>{say('action.cancel')}</Button>
    </footer>
  )
}
