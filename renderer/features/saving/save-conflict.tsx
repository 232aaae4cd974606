import { useRef } from 'react'
import type { Conflict } from '../../../shared/save.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import type { DialogState } from '../../store/ui.ts'
import { useAppStore } from '../../store/use-app.ts'
import { type MessageId, say } from '../../words/say.ts'
import { visibleName } from '../../words/visible-name.ts'
import { conflictWords } from './conflict-words.ts'
import styles from './saving.module.css'

const shownNames = 5

/** Asks once for all items whose names are taken in the target folder. */
export function SaveConflict({ given }: { given: Extract<DialogState, { kind: 'save-conflict' }> }) {
  const { close, saveTaken } = useAppStore().getState()
  const { accountId, itemIds, folder, taken, isZip } = given
  const keepBoth = useRef<HTMLButtonElement>(null)
  const { title, hint, skip, replace, isHarmless } = conflictWords(taken)
  const count = taken.length
  const more = count - shownNames
  const buttons: [conflict: Conflict, label: MessageId][] = [
    ['skip', skip],
    ['keep-both', 'saves.keep-both'],
    ['replace', replace],
  ]
  return (
    <Dialog title={say(title, { count })} initialFocus={keepBoth} onClose={close}>
      <p className={styles.question}>{say('saves.takenIn', { folder })}</p>
      <ul className={styles.names}>
        {taken.slice(0, shownNames).map(({ name }) => (
          <li key={name}>
            <bdi>{visibleName(name)}</bdi>
          </li>
        ))}
        {more > 0 ? <li>{say('saves.takenMore', { count: more })}</li> : null}
      </ul>
      {hint === null ? null : <p className={styles.hint}>{say(hint, { count })}</p>}
      <footer className={styles.foot}>
        <Button onClick={close}>{say('action.cancel')}</Button>
        {buttons.map(([conflict, label]) => (
          <Button
            key={conflict}
            ref={conflict === 'keep-both' ? keepBoth : undefined}
            look={conflict === 'keep-both' ? 'primary' : conflict === 'replace' && !isHarmless ? 'danger' : 'plain'}
            onClick={() => {
              close()
              void saveTaken(accountId, itemIds, conflict, isZip)
            }}
          >
            {say(label)}
          </Button>
        ))}
      </footer>
    </Dialog>
  )
}
