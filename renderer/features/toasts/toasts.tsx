import { X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { classNames } from '../../parts/class-names.ts'
import { Icon } from '../../parts/icon.tsx'
import { shownToast } from '../../store/toasts.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './toasts.module.css'

/** How long a toast stays after the pointer or the focus has left it. */
const leftMs = 3000

interface Props {
  /** True if the window's layout has no place for it, as under a dialog. */
  isFloating?: boolean
}

/** The message that has no better place. It covers nothing: it has a row of its own, or the margin below a dialog. */
export function Toasts({ isFloating = false }: Props) {
  const toast = useApp(shownToast)
  const dismissToast = useApp((state) => state.dismissToast)
  const [heldId, setHeldId] = useState<number | null>(null)
  const [leftId, setLeftId] = useState<number | null>(null)
  const id = toast?.id ?? null
  const durationMs = toast?.durationMs ?? null
  const isHeld = heldId === id
  const wasHeld = leftId === id

  useEffect(() => {
    if (id === null || durationMs === null || isHeld) return
    const timer = setTimeout(() => dismissToast(id), wasHeld ? leftMs : durationMs)
    return () => clearTimeout(timer)
  }, [id, durationMs, isHeld, wasHeld, dismissToast])

  function hold() {
    setHeldId(id)
  }
  function leave() {
    setHeldId(null)
    setLeftId(id)
  }

  if (toast === null) return null
  const { sentence, isProblem, actions } = toast
  return (
    <div
      role="region"
      className={classNames(styles.strip, isFloating && styles.floating)}
      aria-label={say('toasts.label')}
      onPointerEnter={hold}
      onPointerLeave={leave}
      onFocus={hold}
      onBlur={leave}
    >
      <div
        key={toast.id}
        role={isProblem ? 'alert' : 'status'}
        data-toast
        className={classNames(styles.toast, isProblem && styles.problem)}
      >
        <p className={styles.sentence}>{sentence}</p>
        {actions.map(({ label, run }) => (
          <Button
            key={label}
            look="quiet"
            className={styles.action}
            onClick={() => {
              dismissToast(toast.id)
              run()
            }}
          >
            {label}
          </Button>
        ))}
        <Dismiss id={toast.id} />
      </div>
    </div>
  )
}

function Dismiss({ id }: { id: number }) {
  const { dismissToast } = useAppStore().getState()
  return (
    <button
      type="button"
      className={styles.close}
      aria-label={say('action.dismiss')}
      title={say('action.dismiss')}
      onClick={() => dismissToast(id)}
    >
      <Icon of={X} size={14} />
    </button>
  )
}
