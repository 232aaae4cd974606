import {
  CircleAlert,
  FileArchive,
  FolderDown,
  type LucideIcon,
  MonitorDown,
  Pause,
  Play,
  RotateCw,
  X,
} from 'lucide-react'
import { memo } from 'react'
import type { Save, SaveId } from '../../../shared/save.ts'
import { Button } from '../../parts/button.tsx'
import { classNames } from '../../parts/class-names.ts'
import styles from '../../parts/dock.module.css'
import { Icon } from '../../parts/icon.tsx'
import { IconButton } from '../../parts/icon-button.tsx'
import { Name } from '../../parts/name.tsx'
import { Progress } from '../../parts/progress.tsx'
import { hostOf, shortHostOf } from '../../store/trust.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { formatDuration, formatExactSize, formatSize } from '../../words/format.ts'
import { type MessageId, say } from '../../words/say.ts'
import { percentOf, statusOf } from './save-words.ts'

/** One file or folder that is saved here: its name, where it goes, its status, its progress and its actions. */
export const SaveRow = memo(function SaveRow(props: SaveRowProps) {
  const { save, top, place, count, isSelected, isFocused, isMoving } = props
  const { id, accountId, name, folder, isFolder, isZip, status, sizeBytes, doneFiles, totalFiles } = save
  const { untrustedOrigin, lacksFolder } = save
  const askToTrust = useApp((state) => state.askToTrust)
  const reason = untrustedOrigin === null ? save.reason : say('saves.untrusted', { host: shortHostOf(untrustedOrigin) })
  const action = useAction(status)
  const remove = useApp((state) => state.removeSaves)
  const saveElsewhere = useApp((state) => state.saveElsewhere)
  const { word, tone } = statusOf(save)
  const percent = percentOf(save)
  const left = save.secondsLeft === null ? null : formatDuration(save.secondsLeft)
  const files =
    (isFolder || isZip) && totalFiles !== null ? say('saves.files', { done: doneFiles, total: totalFiles }) : null
  const bytes =
    status === 'saving' && sizeBytes !== null
      ? say('saves.partOf', { part: formatSize(save.savedBytes), whole: formatSize(sizeBytes) })
      : null
  const adviceWith = (where: string) =>
    reason ?? [bytes, files, say('saves.to', { folder: where })].filter((part) => part !== null).join(' · ')

  return (
    <li
      id={props.id}
      className={classNames(
        styles.row,
        styles.save,
        isSelected && styles.selected,
        isFocused && styles.focused,
        isMoving && styles.moving,
      )}
      data-place={place - 1}
      draggable={status === 'saved'}
      style={{ transform: `translateY(${top}px)` }}
      aria-setsize={count}
      aria-posinset={place}
      aria-label={say(isSelected ? 'saves.rowSelected' : 'saves.row', { name, status: say(word), percent })}
    >
      <Icon
        of={status === 'error' ? CircleAlert : isZip ? FileArchive : isFolder ? FolderDown : MonitorDown}
        className={styles.icon}
      />
      <div className={styles.what}>
        <span className={styles.name} title={sizeBytes === null ? name : `${name}\n${formatExactSize(sizeBytes)}`}>
          <Name>{name}</Name>
        </span>
        <span className={styles.advice} title={untrustedOrigin === null ? adviceWith(folder) : (save.reason ?? '')}>
          <bdi>{adviceWith(lastName(folder))}</bdi>
        </span>
      </div>
      <span className={classNames(styles.status, tone === 'error' && styles.wrong)}>
        <span className={classNames(styles.dot, styles[`tone-${tone}`])} />
        {say(word)}
      </span>
      {untrustedOrigin !== null ? (
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
      ) : (
        <>
          <Progress
            label={say('saves.progress', { name })}
            text={
              left === null ? say('transfers.percent', { percent }) : say('transfers.percentLeft', { percent, left })
            }
            percent={percent}
            color={`var(--${tone})`}
          />
          <span className={styles.figures}>{figuresOf(save, left)}</span>
        </>
      )}
      <span className={styles.actions}>
        <IconButton icon={action.icon} label={say(action.label, { name })} onClick={() => void action.run([id])} />
        <IconButton
          icon={X}
          data-focus-place={place}
          // A key that is held down would remove one after another.
          onKeyDown={(event) => (event.repeat ? event.preventDefault() : undefined)}
          label={say(status === 'saved' ? 'saves.remove' : 'saves.cancel', { name })}
          onClick={() => void remove([id])}
        />
      </span>
    </li>
  )
})

interface SaveRowProps {
  id: string
  save: Save
  top: number
  place: number
  count: number
  isSelected: boolean
  isFocused: boolean
  /** It is being dragged to another place. */
  isMoving: boolean
}

/** What the first button of a row does. It stays the same button, so that it keeps the focus. */
function useAction(status: Save['status']): {
  icon: LucideIcon
  label: MessageId
  run(saveIds: readonly SaveId[]): Promise<void>
} {
  const { pauseSaves, resumeSaves, showSave } = useAppStore().getState()
  if (status === 'paused') return { icon: Play, label: 'saves.resume', run: resumeSaves }
  if (status === 'error') return { icon: RotateCw, label: 'saves.retry', run: resumeSaves }
  if (status !== 'saved') return { icon: Pause, label: 'saves.pause', run: pauseSaves }
  return { icon: FolderDown, label: 'saves.showOf', run: async ([id]) => (id === undefined ? undefined : showSave(id)) }
}

/** The name of a folder at the end of its path. */
function lastName(path: string): string {
  return path.split(/[\\/]/).findLast((part) => part !== '') ?? path
}

/** Speed and time left while bytes arrive; otherwise how much there is. */
function figuresOf(save: Save, left: string | null): string {
  const { status, speedBytesPerSecond, sizeBytes, savedBytes } = save
  if (status === 'saving' && speedBytesPerSecond !== null) {
    const speed = say('speed', { size: formatSize(speedBytesPerSecond) })
    return left === null ? speed : say('speedLeft', { speed, left })
  }
  if (sizeBytes === null) return say('time.unknown')
  if (status === 'saved' || savedBytes === 0) return formatSize(sizeBytes)
  return say('saves.partOf', { part: formatSize(savedBytes), whole: formatSize(sizeBytes) })
}
