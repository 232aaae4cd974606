import { Pause, Play, RotateCw } from 'lucide-react'
import { useMemo, useRef } from 'react'
import { Button } from '../../parts/button.tsx'
import styles from '../../parts/dock.module.css'
import { Icon } from '../../parts/icon.tsx'
import { useFocusMovesOn } from '../../parts/use-focus-moves-on.ts'
import { runningStatuses } from '../../store/save-acts.ts'
import { useApp } from '../../store/use-app.ts'
import { formatDuration, formatSize } from '../../words/format.ts'
import { say } from '../../words/say.ts'
import { summarizeSaves } from './save-summary.ts'

/** What is being saved, in one line: how many, the speed, and the time left. */
export function SaveSummary() {
  const saves = useApp((state) => state.saves)
  const summary = useMemo(() => summarizeSaves(saves.values()), [saves])
  const { saving, waiting, paused, bytesPerSecond, secondsLeft } = summary
  const parts = [
    saving > 0 ? say('saves.count', { count: saving }) : null,
    waiting > 0 ? say('saves.waitingCount', { count: waiting }) : null,
    paused > 0 ? say('saves.pausedCount', { count: paused }) : null,
    bytesPerSecond >= 1 ? say('speed', { size: formatSize(bytesPerSecond) }) : null,
    secondsLeft === null ? null : say('transfers.timeLeft', { time: formatDuration(secondsLeft) }),
  ].filter((part) => part !== null)
  if (parts.length === 0) return null
  return (
    <span className={styles.count} title={parts.join(' · ')}>
      {parts.join(' · ')}
    </span>
  )
}

/** Acts on everything in the list: pause, resume, and clear what is finished. */
export function SaveHeader() {
  const saves = useApp((state) => state.saves)
  const pause = useApp((state) => state.pauseSaves)
  const resume = useApp((state) => state.resumeSaves)
  const remove = useApp((state) => state.removeSaves)
  const bar = useRef<HTMLSpanElement>(null)
  const focusMovesOn = useFocusMovesOn(bar)
  const idsOf = (...statuses: readonly string[]) =>
    [...saves.values()].filter(({ status }) => statuses.includes(status)).map(({ id }) => id)
  const running = idsOf(...runningStatuses)
  const paused = idsOf('paused')
  const failed = idsOf('error')
  const saved = idsOf('saved')
  return (
    <span ref={bar} className={styles.bar} {...focusMovesOn}>
      {running.length > 0 ? (
        <Button look="pill" data-focus-place={1} onClick={() => void pause(running)}>
          <Icon of={Pause} size={13} />
          {say('saves.pauseAll')}
        </Button>
      ) : null}
      {paused.length > 0 ? (
        <Button look="pill" data-focus-place={2} onClick={() => void resume(paused)}>
          <Icon of={Play} size={13} />
          {say('saves.resumeAll')}
        </Button>
      ) : null}
      {failed.length > 0 ? (
        <Button look="pill" data-focus-place={3} onClick={() => void resume(failed)}>
          <Icon of={RotateCw} size={13} />
          {say('saves.retryFailed', { count: failed.length })}
        </Button>
      ) : null}
      {saved.length > 0 ? (
        <Button look="pill" data-focus-place={4} onClick={() => void remove(saved)}>
          {say('saves.clear')}
        </Button>
      ) : null}
    </span>
  )
}
