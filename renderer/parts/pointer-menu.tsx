import { CSPProvider } from '@base-ui/react/csp-provider'
import { Menu as Base } from '@base-ui/react/menu'
import { ChevronRight, type LucideIcon } from 'lucide-react'
import { Fragment } from 'react'
import { Icon } from './icon.tsx'
import styles from './pointer-menu.module.css'

export interface MenuAction {
  label: string
  icon?: LucideIcon
  keys?: string
  isDanger?: boolean
  /** Why it is unavailable. */
  disabledBecause?: string | null
  /** A submenu, instead of an action. */
  actions?: readonly MenuAction[]
  run?(): void
}

interface Props {
  x: number
  y: number
  groups: readonly (readonly MenuAction[])[]
  onClose(): void
}

/** Where there is no room below the pointer, the menu moves up over it. One that is taller than the window scrolls. */
const withinWindow = { side: 'shift', align: 'shift', fallbackAxisSide: 'none' } as const

/** A context menu at a position in the window, with the usual keyboard support. */
export function PointerMenu({ x, y, groups, onClose }: Props) {
  const shown = groups.filter((group) => group.length > 0)
  return (
    <CSPProvider disableStyleElements>
      <Base.Root open onOpenChange={(isOpen) => (isOpen ? undefined : onClose())}>
        <Base.Portal container={landmark()}>
          <Base.Positioner
            className={styles.positioner}
            anchor={{ getBoundingClientRect: () => new DOMRect(x, y, 0, 0) }}
            side="bottom"
            align="start"
            sideOffset={2}
            collisionAvoidance={withinWindow}
          >
            <Base.Popup className={styles.popup}>
              {shown.map((group, index) => (
                <Fragment key={group[0]?.label}>
                  {index > 0 ? <Base.Separator className={styles.line} /> : null}
                  {group.map((action) => (
                    <Entry key={action.label} action={action} />
                  ))}
                </Fragment>
              ))}
            </Base.Popup>
          </Base.Positioner>
        </Base.Portal>
      </Base.Root>
    </CSPProvider>
  )
}

/** Menus are rendered content the main landmark, for people who navigate by landmarks. */
function landmark(): HTMLElement | null {
  return document.querySelector('main')
}

function Entry({ action }: { action: MenuAction }) {
  const content = (
    <>
      <span className={styles.icon}>{action.icon ? <Icon of={action.icon} size={15} /> : null}</span>
      <span className={styles.label}>{action.label}</span>
    </>
  )
  if (action.actions) {
    return (
      <Base.SubmenuRoot>
        <Base.SubmenuTrigger className={styles.item}>
          {content}
          <Icon of={ChevronRight} size={14} />
        </Base.SubmenuTrigger>
        <Base.Portal container={landmark()}>
          <Base.Positioner
            className={styles.positioner}
            sideOffset={2}
            collisionAvoidance={{ side: 'flip', align: 'shift' }}
          >
            <Base.Popup className={styles.popup}>
              {action.actions.map((submenuAction) => (
                <Entry key={submenuAction.label} action={submenuAction} />
              ))}
            </Base.Popup>
          </Base.Positioner>
        </Base.Portal>
      </Base.SubmenuRoot>
    )
  }
  return (
    <Base.Item
      className={styles.item}
      data-danger={action.isDanger}
      disabled={action.disabledBecause != null}
      title={action.disabledBecause ?? undefined}
      onClick={() => action.run?.()}
    >
      {content}
      {action.keys ? <kbd className={styles.keys}>{action.keys}</kbd> : null}
    </Base.Item>
  )
}
