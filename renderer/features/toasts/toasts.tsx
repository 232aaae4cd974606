import { Toast } from '@base-ui/react/toast'
import { X } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { Button } from '../../parts/button.tsx'
import { classNames } from '../../parts/class-names.ts'
import { Icon } from '../../parts/icon.tsx'
import type { ToastAction } from '../../store/ui.ts'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './toasts.module.css'

interface Data {
  actions: readonly ToastAction[]
  isProblem: boolean
}

const closedDockHeight = 40

/** Messages without a better place: actions that can be undone, arrived transfers, errors. They are shown above the transfers, so that they do not cover their buttons. */
export function Toasts() {
  const dockHeight = useApp(({ settings, place }) => (place === null ? 0 : (settings?.dockHeight ?? 0)))
  const isDockOpen = useApp(({ settings }) => settings?.isDockOpen ?? true)
  const above = isDockOpen ? dockHeight : closedDockHeight
  return (
    <Toast.Provider timeout={7000} limit={4}>
      <Feed />
      <Toast.Portal>
        <Toast.Viewport
          className={styles.viewport}
          style={{ bottom: `min(${above + 40}px, 60vh)` }}
          aria-label={say('toasts.label')}
        >
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

/** Passes the store's toasts to the toast manager, each once, and closes those that the store no longer has. */
function Feed() {
  const toasts = useApp((state) => state.toasts)
  const dismissToast = useApp((state) => state.dismissToast)
  const { add, update, close } = Toast.useToastManager<Data>()
  const shown = useRef(new Map<number, string>())
  useEffect(() => {
    for (const { id, sentence, actions, isProblem, isOngoing } of toasts) {
      const before = shown.current.get(id)
      if (before === sentence) continue
      shown.current.set(id, sentence)
      if (before !== undefined) {
        update(String(id), { title: sentence })
        continue
      }
      add({
        id: String(id),
        title: sentence,
        priority: isProblem ? 'high' : 'low',
        timeout: isOngoing ? 0 : isProblem ? 12_000 : 7000,
        data: { actions, isProblem },
        onRemove: () => dismissToast(id),
      })
    }
    for (const id of shown.current.keys()) {
      if (toasts.some((toast) => toast.id === id)) continue
      shown.current.delete(id)
      close(String(id))
    }
  }, [toasts, dismissToast, add, update, close])
  return null
}

function List() {
  const { toasts, close } = Toast.useToastManager<Data>()
  return toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className={classNames(styles.toast, toast.data?.isProblem === true && styles.problem)}
    >
      <Toast.Title render={<p />} className={styles.sentence} />
      {toast.data?.actions.map(({ label, run }) => (
        <Button
          key={label}
          look="quiet"
          className={styles.action}
          onClick={() => {
            run()
            close(toast.id)
          }}
        >
          {label}
        </Button>
      ))}
      <Toast.Close className={styles.close} aria-label={say('action.dismiss')}>
        <Icon of={X} size={14} />
      </Toast.Close>
    </Toast.Root>
  ))
}
