import type { ComponentProps } from 'react'
import styles from './button.module.css'
import { classNames } from './class-names.ts'

interface Props extends ComponentProps<'button'> {
  look?: 'plain' | 'primary' | 'danger' | 'quiet' | 'pill'
}

/** A button with a text label. */
export function Button({ look = 'plain', className, ...rest }: Props) {
  return <button type="button" {...rest} className={classNames(styles.button, styles[look], className)} />
}
