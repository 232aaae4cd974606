import { Pause, Play, RotateCw } from 'lucide-react'
import { useMemo, useRef } from 'react'
import { Button } from '../../parts/button.tsx'
import styles from '../../parts/dock.module.css'
import { Icon } from '../../parts/icon.tsx'
import { useFocusMovesOn } from '../../parts/use-focus-moves-on.ts'
import { formatDuration, formatSize } from '../../words/format.ts'
import { say } from '../../words/say.ts'
import { isRunning, type Move, type MoveWords } from './move.ts'
import { summarize } from './move-summary.ts'
import type { RowActs } from './use-row-keys.ts'

interface Props {
  moves: readonly Move[]
  words: MoveWords
}

/** What all of them are doing, in one line: how many, the speed, and the time left. */
export function MoveCount({ moves, words }: Props) {
  const { moving, waiting, paused, bytesPerSecond, secondsLeft } = useMemo(() => summarize(moves), [moves])
  const parts = [
    moving > 0 ? say(words.moving, { count: moving }) : null,
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

/** Acts on everything in a list: pause, resume, and clear what is finished. */
export function MoveBar({ moves, words, acts }: Props & { acts: Pick<RowActs, 'pause' | 'resume' | 'remove'> }) {
  const bar = useRef<HTMLSpanElement>(null)
  const focusMovesOn = useFocusMovesOn(bar)
  const idsOf = (is: (move: Move) => boolean) => moves.filter(is).map(({ id }) => id)
  const running = idsOf(isRunning)
  const paused = idsOf(({ status }) => status === 'paused')
  const failed = idsOf(({ status }) => status === 'error')
  const done = idsOf(({ status }) => status === 'done')
  return (
    <span ref={bar} className={styles.bar} {...focusMovesOn}>
      {running.length > 0 ? (
        <Button look="pill" data-focus-place={1} onClick={() => void acts.pause(running)}>
          <Icon of={Pause} size={13} />
          {say('saves.pauseAll')}
        </Button>
      ) : null}
      {paused.length > 0 ? (
        <Button look="pill" data-focus-place={2} onClick={() => void acts.resume(paused)}>
          <Icon of={Play} size={13} />
          {say('saves.resumeAll')}
        </Button>
      ) : null}
      {failed.length > 0 ? (
        <Button look="pill" data-focus-place={3} onClick={() => void acts.resume(failed)}>
          <Icon of={RotateCw} size={13} />
          {say('saves.retryFailed', { count: failed.length })}
        </Button>
      ) : null}
      {done.length > 0 ? (
        <Button look="pill" data-focus-place={4} onClick={() => void acts.remove(done)}>
          {say(words.clear)}
        </Button>
      ) : null}
    </span>
  )
}
