import { type RefObject, useEffect } from 'react'

/** Puts the focus on the first button in an element that can be used, once it is shown: the dialog itself would choose its close button. */
export function useFirstFocus(list: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const frame = requestAnimationFrame(() =>
      list.current?.querySelector<HTMLElement>('button:not([aria-disabled="true"])')?.focus(),
    )
    return () => cancelAnimationFrame(frame)
  }, [list])
}
