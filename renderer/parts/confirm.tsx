import { AlertDialog as Base } from '@base-ui/react/alert-dialog'
import { CSPProvider } from '@base-ui/react/csp-provider'
import { useRef } from 'react'
import { Button } from './button.tsx'
import { classNames } from './class-names.ts'
import styles from './dialog.module.css'

interface Props {
  title: string
  body: string
  act: string
  keep: string
  onAct(): void
  onClose(): void
}

/** Asks before what cannot be taken back. The focus is on the button that changes nothing. */
export function Confirm({ title, body, act, keep, onAct, onClose }: Props) {
  const harmless = useRef<HTMLButtonElement>(null)
  return (
    <CSPProvider disableStyleElements>
      <Base.Root open onOpenChange={(isOpen) => (isOpen ? undefined : onClose())}>
        <Base.Portal>
          <Base.Backdrop className={styles.veil} />
          <Base.Popup className={classNames(styles.popup, styles.small)} initialFocus={harmless}>
            <Base.Title className={styles.title}>
              <bdi>{title}</bdi>
            </Base.Title>
            <Base.Description className={styles.body}>{body}</Base.Description>
            <footer className={styles.foot}>
              <Button ref={harmless} onClick={onClose}>
                {keep}
              </Button>
              <Button
                look="danger"
                onClick={() => {
                  onAct()
                  onClose()
                }}
              >
                {act}
              </Button>
            </footer>
          </Base.Popup>
        </Base.Portal>
      </Base.Root>
    </CSPProvider>
  )
}
