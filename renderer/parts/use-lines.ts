import { type RefObject, useLayoutEffect, useState } from 'react'
import { flushSync } from 'react-dom'

interface Options {
  count: number
  /** The height of a line in pixels; all have the same. */
  lineHeight: number
  /** How many lines are rendered beyond each edge: a fast scroll can be ahead of the page. */
  overscan: number
}

/** The lines of a long list that are rendered, from `first` on and before `end`: those on the screen, and some around them. */
export function useLines(
  scroller: RefObject<HTMLElement | null>,
  { count, lineHeight, overscan }: Options,
): { first: number; end: number } {
  const [top, setTop] = useState(0)
  const [height, setHeight] = useState(0)

  useLayoutEffect(() => {
    const element = scroller.current
    if (element === null) return
    const measureTop = () => setTop(Math.floor(element.scrollTop / lineHeight))
    const measure = () => {
      measureTop()
      setHeight(element.clientHeight)
    }
    measure()
    // Rendered at once, so that the frame that scrolls has no gap.
    const onScroll = () => flushSync(measureTop)
    element.addEventListener('scroll', onScroll, { passive: true })
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => {
      element.removeEventListener('scroll', onScroll)
      observer.disconnect()
    }
  }, [scroller, lineHeight])

  const rendered = height === 0 ? 0 : Math.min(count, Math.ceil(height / lineHeight) + 1 + 2 * overscan)
  const first = Math.max(0, Math.min(top - overscan, count - rendered))
  return { first, end: first + rendered }
}

/** Scrolls as little as possible to show a line whole. The lines are in `body`; what is above it in the scroller stays there. */
export function showLine(body: HTMLElement, line: number, lineHeight: number) {
  const scroller = body.parentElement
  if (scroller === null) return
  const top = line * lineHeight
  const lowest = top + lineHeight - (scroller.clientHeight - body.offsetTop)
  if (scroller.scrollTop > top) scroller.scrollTop = top
  else if (scroller.scrollTop < lowest) scroller.scrollTop = lowest
}
