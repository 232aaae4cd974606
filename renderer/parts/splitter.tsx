import { type KeyboardEvent, type PointerEvent, useState } from 'react'
import styles from './splitter.module.css'

interface Props {
  label: string
  direction: 'vertical' | 'horizontal'
  value: number
  min: number
  max: number
  /** True if dragging left or up makes the pane larger. */
  isReversed?: boolean
  onMove(value: number): void
  onDone(value: number): void
}

/** A border between two panes that can be dragged or moved with the arrow keys. */
export function Splitter({ label, direction, value, min, max, isReversed = false, onMove, onDone }: Props) {
  const [start, setStart] = useState<{ at: number; value: number } | null>(null)
  const clamp = (wanted: number) => Math.round(Math.min(max, Math.max(min, wanted)))
  const at = (event: PointerEvent) => (direction === 'vertical' ? event.clientX : event.clientY)
  const valueAt = (event: PointerEvent) =>
    start === null ? value : clamp(start.value + (isReversed ? -1 : 1) * (at(event) - start.at))

  function onKeyDown(event: KeyboardEvent) {
    const [less, more] = direction === 'vertical' ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown']
    if (event.key !== less && event.key !== more) return
    event.preventDefault()
    const grows = (event.key === more) !== isReversed
    onDone(clamp(value + (grows ? 16 : -16)))
  }

  return (
    <div
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation={direction}
      aria-valuenow={value}
      aria-valuemin={min}
      aria-valuemax={max}
      className={styles[direction]}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        setStart({ at: at(event), value })
      }}
      onPointerMove={(event) => {
        if (start !== null) onMove(valueAt(event))
      }}
      onPointerUp={(event) => {
        if (start !== null) onDone(valueAt(event))
        setStart(null)
      }}
      onPointerCancel={() => setStart(null)}
      onKeyDown={onKeyDown}
    />
  )
}
