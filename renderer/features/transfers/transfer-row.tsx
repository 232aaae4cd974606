import {
  Archive,
  CircleAlert,
  CircleStop,
  Disc3,
  FileDown,
  Film,
  HardDriveDownload,
  Hourglass,
  type LucideIcon,
  Magnet,
  Music,
  Play,
  Share2,
  X,
} from 'lucide-react'
import { memo, useEffect } from 'react'
import { isOnlyShared } from '../../../shared/slots.ts'
import type { Transfer } from '../../../shared/transfer.ts'
import { Button } from '../../parts/button.tsx'
import { classNames } from '../../parts/class-names.ts'
import styles from '../../parts/dock.module.css'
import { Icon } from '../../parts/icon.tsx'
import { IconButton } from '../../parts/icon-button.tsx'
import { Name } from '../../parts/name.tsx'
import { Progress } from '../../parts/progress.tsx'
import { useNow } from '../../parts/use-now.ts'
import { folderPath, shownCapabilities } from '../../store/selectors.ts'
import { useApp } from '../../store/use-app.ts'
import { formatDuration, formatExactSize, formatSize } from '../../words/format.ts'
import { say } from '../../words/say.ts'
import { adviceFor, shownPercent, statusWords } from '../../words/status-words.ts'
import { visibleName } from '../../words/visible-name.ts'
import { actionsFor } from './actions-for.ts'
import { TransferActions } from './transfer-actions.tsx'

const refreshEveryMs = 5000
/** Lower speeds are protocol overhead, not content. */
const minSpeed = 1000

const cancelledWords = { word: 'status.cancelled', tone: 'resting' } as const

interface Props {
  transfer: Transfer
  top: number
  place: number
  count: number
  placeInLine: number
  /** How many others are in the service's queue. */
  inQueue: number
  holders: readonly string[]
}

/** One transfer: its name, an explanation, its status, its progress and its actions. */
export const TransferRow = memo(function TransferRow({
  transfer,
  top,
  place,
  count,
  placeInLine,
  inQueue,
  holders,
}: Props) {
  const { id, name, status, sizeBytes, isCancelled } = transfer
  const canPlay = transfer.canPlay && !isCancelled
  const accountId = useApp((state) => state.place?.accountId ?? '')
  const folder = useApp((state) =>
    transfer.folderId === null ? null : folderPath(state, accountId, transfer.folderId),
  )
  const capabilities = useApp(shownCapabilities)
  const cancelTransfers = useApp((state) => state.cancelTransfers)
  const playTransfer = useApp((state) => state.playTransfer)
  const keepTransfer = useApp((state) => state.keepTransfer)
  const loadPath = useApp((state) => state.loadPath)
  useEffect(() => {
    if (transfer.folderId !== null && folder === null) void loadPath(accountId, transfer.folderId)
  }, [accountId, transfer.folderId, folder, loadPath])
  const { word, tone } = isCancelled ? cancelledWords : statusWords[status]
  const nowMs = useNow(status === 'looking-for-peers' || status === 'in-queue' ? refreshEveryMs : null)
  const advice = isCancelled
    ? say('advice.cancelled')
    : adviceFor(transfer, { folder, placeInLine, holders, inQueue, nowMs })
  const serviceWord = transfer.serviceStatus === null ? null : visibleName(transfer.serviceStatus)
  const percent = shownPercent(transfer)
  const actions = isCancelled ? 1 : actionsFor(transfer, capabilities).length
  const isShared = isOnlyShared(transfer, capabilities)
  const left = transfer.secondsLeft === null ? null : formatDuration(transfer.secondsLeft)

  return (
    <li
      className={classNames(styles.row, isCancelled && styles.gone)}
      style={{ transform: `translateY(${top}px)` }}
      aria-setsize={count}
      aria-posinset={place}
      aria-label={say('transfers.row', { name, status: say(word), percent })}
    >
      <Icon of={iconOf(transfer)} className={styles.icon} />
      <div className={classNames(styles.what, canPlay && styles.playable)}>
        <span className={styles.name} title={sizeBytes === null ? name : `${name}\n${formatExactSize(sizeBytes)}`}>
          <Name>{name}</Name>
        </span>
        <span className={styles.advice} title={advice}>
          <bdi>{advice}</bdi>
        </span>
        {canPlay ? (
          <Button
            className={styles.play}
            aria-label={say('transfers.playOf', { name })}
            onClick={() => void playTransfer(accountId, id, name)}
          >
            <Icon of={Play} size={13} />
            {say('transfers.play')}
          </Button>
        ) : null}
      </div>
      <span
        className={classNames(styles.status, tone === 'error' && styles.wrong)}
        {...(serviceWord === null || isCancelled
          ? {}
          : { title: say('transfers.serviceStatus', { word: serviceWord }) })}
      >
        <span className={classNames(styles.dot, styles[`tone-${tone}`])} />
        {say(word)}
      </span>
      {actions === 2 ? null : (
        <Progress
          label={say('transfers.progress', { name })}
          text={left === null ? say('transfers.percent', { percent }) : say('transfers.percentLeft', { percent, left })}
          percent={percent}
          color={`var(--${tone})`}
        />
      )}
      {actions === 0 ? (
        <span className={styles.figures}>{figuresOf(transfer, left)}</span>
      ) : (
        <span className={classNames(styles.actions, actions === 2 && styles.two)}>
          {isCancelled ? (
            <Button
              className={styles.action}
              aria-label={say('transfers.keepRunning', { name })}
              onClick={() => void keepTransfer(accountId, id)}
            >
              {say('action.undo')}
            </Button>
          ) : (
            <TransferActions accountId={accountId} transfer={transfer} />
          )}
        </span>
      )}
      {isCancelled ? null : (
        <IconButton
          icon={isShared ? CircleStop : X}
          label={say(isShared ? 'transfers.stopSharing' : 'transfers.cancel', { name })}
          className={classNames(styles.cancel, (tone === 'error' || isShared) && styles.always)}
          data-focus-place={place}
          // A key that is held down would cancel one after another.
          onKeyDown={(event) => (event.repeat ? event.preventDefault() : undefined)}
          onClick={() => void cancelTransfers(accountId, [id])}
        />
      )}
    </li>
  )
})

/** Speed and time left while it runs, otherwise the percentage; a dash before anything was received. */
function figuresOf(transfer: Transfer, left: string | null): string {
  const { status, speedBytesPerSecond } = transfer
  if (speedBytesPerSecond !== null && speedBytesPerSecond >= minSpeed) {
    const speed = say('speed', { size: formatSize(speedBytesPerSecond) })
    return left === null ? speed : say('speedLeft', { speed, left })
  }
  const percent = shownPercent(transfer)
  if (percent === 0 && (status === 'waiting' || status === 'in-queue' || status === 'looking-for-peers')) {
    return say('time.unknown')
  }
  return say('percent', { percent })
}

/** The icon of the status if it has one, otherwise of the kind of transfer. */
function iconOf({ name, status, isTorrent }: Transfer): LucideIcon {
  if (status === 'error') return CircleAlert
  if (status === 'waiting') return Hourglass
  if (status === 'seeding') return Share2
  if (status === 'completing') return HardDriveDownload
  if (status === 'extracting' || status === 'in-extraction-queue') return Archive
  if (isTorrent) return Magnet
  if (/\.(zip|rar|7z|tar|gz|xz|bz2)$/i.test(name)) return Archive
  if (/\.(iso|img|dmg)$/i.test(name)) return Disc3
  if (/\.(mp4|mkv|avi|mov|webm|m4v)$/i.test(name)) return Film
  if (/\.(mp3|flac|ogg|opus|m4a|wav)$/i.test(name)) return Music
  return FileDown
}
