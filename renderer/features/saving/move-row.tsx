import { type LucideIcon, Pause, Play, RotateCw, X } from 'lucide-react'
import { memo, type ReactNode } from 'react'
import { classNames } from '../../parts/class-names.ts'
import styles from '../../parts/dock.module.css'
import { Icon } from '../../parts/icon.tsx'
import { IconButton } from '../../parts/icon-button.tsx'
import { Name } from '../../parts/name.tsx'
import { Progress } from '../../parts/progress.tsx'
import { formatDuration, formatExactSize, formatSize } from '../../words/format.ts'
import { type MessageId, say } from '../../words/say.ts'
import { type Move, type MoveWords, percentOf, toneOf } from './move.ts'
import type { RowActs } from './use-row-keys.ts'

/** Where a row is in its list. */
export interface RowPlace {
  id: string
  top: number
  place: number
  count: number
  isSelected: boolean
  isFocused: boolean
  /** It is being dragged to another place. */
  isMoving: boolean
}

interface Props extends RowPlace {
  move: Move
  words: MoveWords
  acts: Pick<RowActs, 'pause' | 'resume' | 'remove'>
  /** What the first button does when all is there. */
  show: { icon: LucideIcon; run(id: string): void }
  icon: LucideIcon
  /** The second line, in full and as far as there is room. */
  advice: { full: string; short: string }
  /** A question, in place of progress and figures; null if there is none. */
  question: ReactNode
  isDraggable: boolean
}

/** One file or folder that is saved here or sent up: its name, where it goes, its status, its progress and its actions. */
export const MoveRow = memo(function MoveRow(props: Props) {
  const { move, words, acts, show, icon, advice, question, place, count, isSelected, isFocused, isMoving } = props
  const { id, name, status, sizeBytes } = move
  const action = actionOf(props)
  const tone = toneOf(move)
  const word = say(words.statuses[status])
  const percent = percentOf(move)
  const left = move.secondsLeft === null ? null : formatDuration(move.secondsLeft)
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
      draggable={props.isDraggable}
      style={{ transform: `translateY(${props.top}px)` }}
      aria-setsize={count}
      aria-posinset={place}
      aria-label={say(isSelected ? 'saves.rowSelected' : 'saves.row', { name, status: word, percent })}
    >
      <Icon of={icon} className={styles.icon} />
      <div className={styles.what}>
        <span className={styles.name} title={sizeBytes === null ? name : `${name}\n${formatExactSize(sizeBytes)}`}>
          <Name>{name}</Name>
        </span>
        <span className={styles.advice} title={advice.full}>
          <bdi>{advice.short}</bdi>
        </span>
      </div>
      <span className={classNames(styles.status, tone === 'error' && styles.wrong)}>
        <span className={classNames(styles.dot, styles[`tone-${tone}`])} />
        {word}
      </span>
      {question ?? (
        <>
          <Progress
            label={say(words.progress, { name })}
            text={
              left === null ? say('transfers.percent', { percent }) : say('transfers.percentLeft', { percent, left })
            }
            percent={percent}
            color={`var(--${tone})`}
          />
          <span className={styles.figures}>{figuresOf(move, left)}</span>
        </>
      )}
      <span className={styles.actions}>
        <IconButton
          icon={action?.icon ?? show.icon}
          label={say(action?.label ?? words.show, { name })}
          onClick={() => (action === null ? show.run(id) : void action.run([id]))}
        />
        <IconButton
          icon={X}
          data-focus-place={place}
          // A key that is held down would remove one after another.
          onKeyDown={(event) => (event.repeat ? event.preventDefault() : undefined)}
          label={say(status === 'done' ? words.remove : words.cancel, { name })}
          onClick={() => void acts.remove([id])}
        />
      </span>
    </li>
  )
})

/** What the first button of a row does; null if it shows what is there. It stays the same button, so that it keeps the focus. */
function actionOf({ move: { status }, words, acts }: Pick<Props, 'move' | 'words' | 'acts'>): {
  icon: LucideIcon
  label: MessageId
  run(ids: readonly string[]): Promise<void>
} | null {
  if (status === 'paused') return { icon: Play, label: words.resume, run: acts.resume }
  if (status === 'error') return { icon: RotateCw, label: words.retry, run: acts.resume }
  return status === 'done' ? null : { icon: Pause, label: words.pause, run: acts.pause }
}

/** Speed and time left while bytes move; otherwise how much there is. */
function figuresOf({ status, speedBytesPerSecond, sizeBytes, movedBytes }: Move, left: string | null): string {
  if (status === 'moving' && speedBytesPerSecond !== null) {
    const speed = say('speed', { size: formatSize(speedBytesPerSecond) })
    return left === null ? speed : say('speedLeft', { speed, left })
  }
  if (sizeBytes === null) return say('time.unknown')
  if (status === 'done' || movedBytes === 0) return formatSize(sizeBytes)
  return say('saves.partOf', { part: formatSize(movedBytes), whole: formatSize(sizeBytes) })
}

/** The second line of a row: how much of it there is, and where it goes. */
export function adviceOf(move: Move, files: string | null, where: string): string {
  const { status, movedBytes, sizeBytes } = move
  const bytes =
    status === 'moving' && sizeBytes !== null
      ? say('saves.partOf', { part: formatSize(movedBytes), whole: formatSize(sizeBytes) })
      : null
  return [bytes, files, say('saves.to', { folder: where })].filter((part) => part !== null).join(' · ')
}
