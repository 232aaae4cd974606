import { CircleAlert, FileArchive, FolderDown, MonitorDown } from 'lucide-react'
import { memo } from 'react'
import type { Save } from '../../../shared/save.ts'
import { Button } from '../../parts/button.tsx'
import styles from '../../parts/dock.module.css'
import { hostOf, shortHostOf } from '../../store/trust.ts'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { type Move, saveWords } from './move.ts'
import { adviceOf, MoveRow, type RowPlace } from './move-row.tsx'
import type { RowActs } from './use-row-keys.ts'

interface Props extends RowPlace {
  save: Save
  move: Move
  acts: RowActs
}

/** One file or folder that is saved here. */
export const SaveRow = memo(function SaveRow({ save, ...row }: Props) {
  const { id, accountId, name, folder, isFolder, isZip, status, doneFiles, totalFiles } = save
  const { untrustedOrigin, lacksFolder } = save
  const askToTrust = useApp((state) => state.askToTrust)
  const saveElsewhere = useApp((state) => state.saveElsewhere)
  const showSave = useApp((state) => state.showSave)
  const reason = untrustedOrigin === null ? save.reason : say('saves.untrusted', { host: shortHostOf(untrustedOrigin) })
  const files =
    (isFolder || isZip) && totalFiles !== null ? say('saves.files', { done: doneFiles, total: totalFiles }) : null
  const adviceWith = (where: string) => reason ?? adviceOf(row.move, files, where)

  const question =
    untrustedOrigin !== null ? (
      <Button
        className={styles.ask}
        aria-label={say('trust.askOf', { host: hostOf(untrustedOrigin), name })}
        onClick={() => askToTrust(accountId, untrustedOrigin)}
      >
        {say('trust.ask', { host: shortHostOf(untrustedOrigin) })}
      </Button>
    ) : lacksFolder ? (
      <Button
        className={styles.ask}
        aria-label={say('saves.elsewhereOf', { name })}
        onClick={() => void saveElsewhere(id)}
      >
        {say('saves.elsewhere')}
      </Button>
    ) : null
  return (
    <MoveRow
      {...row}
      words={saveWords}
      show={{ icon: FolderDown, run: (saveId) => void showSave(saveId) }}
      icon={status === 'error' ? CircleAlert : isZip ? FileArchive : isFolder ? FolderDown : MonitorDown}
      advice={{
        full: untrustedOrigin === null ? adviceWith(folder) : (save.reason ?? ''),
        short: adviceWith(lastName(folder)),
      }}
      question={question}
      isDraggable={status === 'saved'}
    />
  )
})

/** The name of a folder at the end of its path. */
function lastName(path: string): string {
  return path.split(/[\\/]/).findLast((part) => part !== '') ?? path
}
