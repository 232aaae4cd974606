import { useEffect, useRef } from 'react'

/** A region that scrolls with the keyboard: it gets the focus when it is shown. */
export function useScroller() {
  const scroller = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = scroller.current
    if (element === null) return
    element.tabIndex = 0
    element.focus()
  }, [])
  return scroller
}
