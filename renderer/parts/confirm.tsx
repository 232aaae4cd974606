import { AlertDialog as Base } from '@base-ui/react/alert-dialog'
import { CSPProvider } from '@base-ui/react/csp-provider'
import { useRef } from 'react'
import { Button } from './button.tsx'
import { classNames } from './class-names.ts'
import styles from './dialog.module.css'
import { NameList } from './name-list.tsx'

interface Props {
  title: string
  /** The names of what the action is about, of which the first few are shown. */
  names?: readonly string[]
  body: string
  action: string
  keep: string
  onAction(): void
  onClose(): void
}

/** Asks for confirmation before an action that cannot be undone. The initial focus is on the button that cancels. */
export function Confirm({ title, names = [], body, action, keep, onAction, onClose }: Props) {
  const cancelButton = useRef<HTMLButtonElement>(null)
  return (
    <CSPProvider disableStyleElements>
      <Base.Root open onOpenChange={(isOpen) => (isOpen ? undefined : onClose())}>
        <Base.Portal>
          <Base.Backdrop className={styles.overlay} />
          <Base.Popup className={classNames(styles.popup, styles.small)} initialFocus={cancelButton}>
            <Base.Title className={styles.title}>
              <bdi>{title}</bdi>
            </Base.Title>
            {names.length > 0 ? <NameList names={names} /> : null}
            <Base.Description className={styles.body}>{body}</Base.Description>
            <footer className={styles.foot}>
              <Button ref={cancelButton} onClick={onClose}>
                {keep}
              </Button>
              <Button
                look="danger"
                onClick={() => {
                  onAction()
                  onClose()
                }}
              >
                {action}
              </Button>
            </footer>
          </Base.Popup>
        </Base.Portal>
      </Base.Root>
    </CSPProvider>
  )
}
