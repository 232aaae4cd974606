import { useRef } from 'react'
import type { Conflict, TakenName } from '../../../shared/save.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { folderName, folderPath } from '../../store/selectors.ts'
import type { DialogState } from '../../store/ui.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { type MessageId, say } from '../../words/say.ts'
import { visibleName } from '../../words/visible-name.ts'
import { conflictWords } from './conflict-words.ts'
import styles from './saving.module.css'

const shownNames = 5

/** Asks what to do where names are taken on this computer. */
export function SaveConflict({ given }: { given: Extract<DialogState, { kind: 'save-conflict' }> }) {
  const { saveTaken } = useAppStore().getState()
  const { accountId, itemIds, folder, taken, isZip } = given
  return (
    <NameConflict
      folder={folder}
      taken={taken}
      onChoose={(conflict) => void saveTaken(accountId, itemIds, conflict, isZip)}
    />
  )
}

/** Asks what to do where names are taken in a folder of an account. */
export function SendConflict({ given }: { given: Extract<DialogState, { kind: 'send-conflict' }> }) {
  const { sendTaken } = useAppStore().getState()
  const { accountId, folderId, taken } = given
  const folder = useApp((state) => folderPath(state, accountId, folderId) ?? folderName(state, accountId, folderId))
  return <NameConflict folder={folder} taken={taken} onChoose={(conflict) => void sendTaken(given, conflict)} />
}

interface Props {
  folder: string
  taken: readonly TakenName[]
  onChoose(conflict: Conflict): void
}

/** Asks once for all items whose names are taken in the target folder. */
function NameConflict({ folder, taken, onChoose }: Props) {
  const { close } = useAppStore().getState()
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
              onChoose(conflict)
            }}
          >
            {say(label)}
          </Button>
        ))}
      </footer>
    </Dialog>
  )
}
