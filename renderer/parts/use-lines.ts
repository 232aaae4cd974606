import { type RefObject, useLayoutEffect, useState } from 'react'
import { flushSync } from 'react-dom'

interface Options {
  count: number
  /** The height of a line in pixels; all have the same. */
  lineHeight: number
  /** How many lines are rendered ahead, in the direction of the last scroll: a fast scroll can be ahead of the page. */
  ahead: number
  /** How many are rendered behind. */
  behind: number
}

/** The lines of a long list that are rendered, from `first` on and before `end`: those on the screen, and some around them. */
export function useLines(
  scroller: RefObject<HTMLElement | null>,
  { count, lineHeight, ahead, behind }: Options,
): { first: number; end: number } {
  const [{ top, isUp }, setTop] = useState({ top: 0, isUp: false })
  const [height, setHeight] = useState(0)

  useLayoutEffect(() => {
    const element = scroller.current
    if (element === null) return
    const measureTop = () => {
      const top = Math.floor(element.scrollTop / lineHeight)
      setTop((before) => (top === before.top ? before : { top, isUp: top < before.top }))
    }
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

  const rendered = height === 0 ? 0 : Math.min(count, Math.ceil(height / lineHeight) + 1 + ahead + behind)
  const first = Math.max(0, Math.min(top - (isUp ? ahead : behind), count - rendered))
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
