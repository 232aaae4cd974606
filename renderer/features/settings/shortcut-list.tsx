import { Fragment } from 'react'
import { Dialog } from '../../parts/dialog.tsx'
import { isMac, keysOf } from '../../parts/keys.ts'
import { useAppStore } from '../../store/use-app.ts'
import { type MessageId, say } from '../../words/say.ts'
import styles from './settings.module.css'

const shortcuts: readonly (readonly [MessageId, ...string[]])[] = [
  ['shortcuts.open', 'Enter'],
  ['shortcuts.look', 'Space'],
  ['shortcuts.view', keysOf('Ctrl', '1'), keysOf('Ctrl', '2')],
  ['shortcuts.typeAhead', say('shortcuts.letters')],
  ['shortcuts.rename', keysOf('F2')],
  ['shortcuts.delete', keysOf('Delete')],
  ['shortcuts.deleteForGood', keysOf(isMac ? 'Alt' : 'Shift', 'Delete')],
  ['shortcuts.newFolder', keysOf('Ctrl', 'Shift', 'N')],
  ['shortcuts.selectAll', keysOf('Ctrl', 'A')],
  ['shortcuts.cut', keysOf('Ctrl', 'X'), keysOf('Ctrl', 'V')],
  ['shortcuts.copy', keysOf('Ctrl', 'C')],
  ['shortcuts.save', keysOf('Ctrl', 'S'), keysOf('Ctrl', 'Shift', 'S')],
  ['shortcuts.moveSaves', keysOf('Ctrl', '↑'), keysOf('Ctrl', '↓')],
  ['shortcuts.openSaves', 'Enter', keysOf('Ctrl', 'Enter')],
  ['shortcuts.pauseSaves', 'Space'],
  ['shortcuts.undo', keysOf('Ctrl', 'Z'), keysOf('Ctrl', 'Shift', 'Z')],
  ['shortcuts.history', keysOf('Alt', '←'), keysOf('Alt', '→')],
  ['shortcuts.up', keysOf('Alt', '↑'), 'Backspace'],
  ['shortcuts.path', keysOf('Ctrl', 'L')],
  ['shortcuts.filter', keysOf('Ctrl', 'F'), 'F3', '/'],
  ['shortcuts.addLinks', keysOf('Ctrl', 'U')],
  ['shortcuts.upload', keysOf('Ctrl', 'Shift', 'U')],
  ['shortcuts.openFile', keysOf('Ctrl', 'O')],
  ['shortcuts.submit', keysOf('Ctrl', 'Enter')],
  ['shortcuts.refresh', 'F5'],
  ['shortcuts.panes', 'F6'],
  ['shortcuts.settings', keysOf('Ctrl', ',')],
  ['shortcuts.list', keysOf('Ctrl', '?')],
]

/** The list of all keyboard shortcuts. */
export function ShortcutList() {
  const { close } = useAppStore().getState()
  return (
    <Dialog title={say('shortcuts.title')} onClose={close}>
      <dl className={styles.keys}>
        {shortcuts.map(([action, ...keys]) => (
          <Fragment key={action}>
            <dt>{say(action)}</dt>
            <dd>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </Fragment>
        ))}
      </dl>
    </Dialog>
  )
}
