import { CSPProvider } from '@base-ui/react/csp-provider'
import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactNode, RefObject } from 'react'
import { say } from '../words/say.ts'
import { classNames } from './class-names.ts'
import styles from './dialog.module.css'
import { IconButton } from './icon-button.tsx'

interface Props {
  title: string
  /** Shown at the right of the title. */
  aside?: ReactNode
  width?: 'narrow' | 'wide'
  hasClose?: boolean
  initialFocus?: RefObject<HTMLElement | null>
  onClose(): void
  children: ReactNode
}

/** A modal dialog: it traps the focus, closes on Escape, and restores the focus. */
export function Dialog({ title, aside, width = 'narrow', hasClose = true, initialFocus, onClose, children }: Props) {
  return (
    <CSPProvider disableStyleElements>
      <Base.Root
        open
        onOpenChange={(isOpen, { event }) => {
          // A press on a toast is about the toast.
          const isToast = event.target instanceof Element && event.target.closest('[data-toast]') !== null
          if (!isOpen && !isToast) onClose()
        }}
      >
        <Base.Portal>
          <Base.Backdrop className={styles.overlay} />
          <Base.Popup className={classNames(styles.popup, styles[width])} {...(initialFocus ? { initialFocus } : {})}>
            <header className={styles.head}>
              <Base.Title className={styles.title}>{title}</Base.Title>
              {aside}
              {hasClose ? (
                <IconButton icon={X} label={say('action.close')} className={styles.close} onClick={onClose} />
              ) : null}
            </header>
            {children}
          </Base.Popup>
        </Base.Portal>
      </Base.Root>
    </CSPProvider>
  )
}
