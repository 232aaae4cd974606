import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import type { DialogState } from '../../store/ui.ts'
import { useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { visibleName } from '../../words/visible-name.ts'
import styles from './saving.module.css'

const conflicts = ['skip', 'keep-both', 'replace'] as const
const shownNames = 5

/** Asks once for all items whose names are taken in the target folder. */
export function SaveConflict({ given }: { given: Extract<DialogState, { kind: 'save-conflict' }> }) {
  const { close, saveTaken } = useAppStore().getState()
  const { accountId, itemIds, folder, taken, isZip } = given
  const more = taken.length - shownNames
  return (
    <Dialog title={say('saves.taken', { count: taken.length })} onClose={close}>
      <p className={styles.question}>{say('saves.takenIn', { folder })}</p>
      <ul className={styles.names}>
        {taken.slice(0, shownNames).map((name) => (
          <li key={name}>
            <bdi>{visibleName(name)}</bdi>
          </li>
        ))}
        {more > 0 ? <li>{say('saves.takenMore', { count: more })}</li> : null}
      </ul>
      <footer className={styles.foot}>
        <Button onClick={close}>{say('action.cancel')}</Button>
        {conflicts.map((conflict) => (
          <Button
            key={conflict}
            look={conflict === 'keep-both' ? 'primary' : conflict === 'replace' ? 'danger' : 'plain'}
            onClick={() => {
              close()
              void saveTaken(accountId, itemIds, conflict, isZip)
            }}
          >
            {say(`saves.${conflict}`)}
          </Button>
        ))}
      </footer>
    </Dialog>
  )
}
