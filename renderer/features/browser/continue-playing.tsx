import { useRef } from 'react'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Progress } from '../../parts/progress.tsx'
import type { DialogState } from '../../store/ui.ts'
import { useAppStore } from '../../store/use-app.ts'
import { formatPosition } from '../../words/format.ts'
import { say } from '../../words/say.ts'
import { visibleName } from '../../words/visible-name.ts'
import styles from './continue-playing.module.css'

/** Asks whether to continue an item where it was left. */
export function ContinuePlaying({ given }: { given: Extract<DialogState, { kind: 'continue' }> }) {
  const { close, playAll } = useAppStore().getState()
  const continueButton = useRef<HTMLButtonElement>(null)
  const { what, playback, positionSeconds } = given
  const { progress, durationSeconds } = playback
  const title =
    positionSeconds === null
      ? say('continue.about', { percent: Math.round(progress * 100) })
      : say('continue.at', { position: formatPosition(positionSeconds) })
  const start = (from: 'position' | 'beginning') => {
    close()
    void playAll(what, from)
  }
  return (
    <Dialog title={title} onClose={close} initialFocus={continueButton}>
      <p className={styles.what}>
        <bdi>{visibleName(what.name)}</bdi>
        {durationSeconds === null ? null : (
          <span className={styles.length}>
            {say('continue.left', { left: formatPosition((1 - progress) * durationSeconds) })}
          </span>
        )}
      </p>
      {progress === 0 ? null : (
        <div className={styles.progress}>
          <Progress
            label={say('continue.progress')}
            text={title}
            percent={Math.round(progress * 100)}
            color="var(--accent)"
          />
        </div>
      )}
      <footer className={styles.foot}>
        <Button onClick={() => start('beginning')}>{say('continue.beginning')}</Button>
        <Button ref={continueButton} look="primary" onClick={() => start('position')}>
          {say('continue.do')}
        </Button>
      </footer>
    </Dialog>
  )
}
