import type { LucideIcon } from 'lucide-react'
import type { ComponentProps } from 'react'
import styles from './button.module.css'
import { classNames } from './class-names.ts'
import { Icon } from './icon.tsx'

interface Props extends ComponentProps<'button'> {
  icon: LucideIcon
  label: string
  /** The keys that do the same, for the hint. */
  keys?: string | undefined
}

/** A button with a picture on it; its name shows on hover. */
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
