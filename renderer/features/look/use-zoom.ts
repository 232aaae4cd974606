import { useEffect, useRef, useState } from 'react'

const steps = [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8]
const keys: Record<string, Step> = { '+': 'in', '=': 'in', '-': 'out', '0': 'fit' }

type Step = 'in' | 'out' | 'fit' | 'toggle'

/**
 * The zoom of the picture in a frame: null fits it into the frame. The keys +, - and 0, the wheel with Ctrl, and a double click change
 * it.
 */
export function useZoom() {
  const [zoom, setZoom] = useState<number | null>(null)
  const frame = useRef<HTMLDivElement>(null)

  useEffect(() => {
    const element = frame.current
    if (element === null) return
    const go = (step: Step) => setZoom((before) => nextZoom(before, step, element))
    function onKeyDown({ key }: KeyboardEvent) {
      const step = keys[key]
      if (step !== undefined) go(step)
    }
    function onWheel(event: WheelEvent) {
      if (!event.ctrlKey) return
      event.preventDefault()
      go(event.deltaY < 0 ? 'in' : 'out')
    }
    const onDoubleClick = () => go('toggle')
    window.addEventListener('keydown', onKeyDown)
    element.addEventListener('wheel', onWheel, { passive: false })
    element.addEventListener('dblclick', onDoubleClick)
    return () => {
      window.removeEventListener('keydown', onKeyDown)
      element.removeEventListener('wheel', onWheel)
      element.removeEventListener('dblclick', onDoubleClick)
    }
  }, [])

  // The middle stays in the middle.
  useEffect(() => {
    const element = frame.current
    if (element === null || zoom === null) return
    element.scrollTo({
      left: (element.scrollWidth - element.clientWidth) / 2,
      top: (element.scrollHeight - element.clientHeight) / 2,
    })
  }, [zoom])

  return { zoom, frame }
}

function nextZoom(before: number | null, step: Step, frame: HTMLElement): number | null {
  if (step === 'fit') return null
  if (step === 'toggle') return before === null ? 1 : null
  const from = before ?? fittedZoom(frame)
  if (step === 'in') return steps.find((one) => one > from * 1.01) ?? from
  return steps.findLast((one) => one < from * 0.99) ?? from
}

function fittedZoom(frame: HTMLElement): number {
  const picture = frame.querySelector('img')
  return picture && picture.naturalWidth > 0 ? picture.clientWidth / picture.naturalWidth : 1
}
