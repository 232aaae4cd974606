import type { ComponentProps } from 'react'

/** A styled checkbox. */
export function Checkbox(props: Omit<ComponentProps<'input'>, 'type' | 'className'>) {
  return <input {...props} type="checkbox" className="check" />
}
