import type { LucideIcon } from 'lucide-react'
import type { ComponentProps } from 'react'
import styles from './button.module.css'
import { classNames } from './class-names.ts'
import { Icon } from './icon.tsx'

interface Props extends ComponentProps<'button'> {
  icon: LucideIcon
  label: string
  /** The keyboard shortcut, for the tooltip. */
  keys?: string | undefined
}

/** A button with an icon; its label is the tooltip. */
export function IconButton({ icon, label, keys, className, ...rest }: Props) {
  return (
    <button
      type="button"
      aria-label={label}
      title={keys === undefined ? label : `${label} (${keys})`}
      {...rest}
      className={classNames(styles.icon, className)}
    >
      <Icon of={icon} />
    </button>
  )
}
