import { type RefObject, useEffect, useMemo, useRef, useState } from 'react'
import type { Transfer } from '../../../shared/transfer.ts'
import { keepPlaces, type Place, placesOf } from './keep-places.ts'

/** A pointer that has not moved for this long does not hold the rows in their places. */
const restMs = 10_000

/** The rows of the list, which stay in their places while the pointer moves over them. */
export function usePlaces(list: readonly Transfer[]): {
  places: readonly Place[]
  onPointerMove(): void
  onPointerLeave(): void
} {
  const [isHeld, setHeld] = useState(false)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const shown = useRef<readonly Place[]>([])
  const places = useMemo(() => (isHeld ? keepPlaces(shown.current, list) : placesOf(list)), [isHeld, list])
  useEffect(() => {
    shown.current = places
  }, [places])
  useEffect(() => () => clearTimeout(timer.current), [])
  return {
    places,
    onPointerMove: () => {
      clearTimeout(timer.current)
      timer.current = setTimeout(() => setHeld(false), restMs)
      setHeld(true)
    },
    onPointerLeave: () => {
      clearTimeout(timer.current)
      setHeld(false)
    },
  }
}

/** Moves the focus on when the focused button in a row disappears: to the same button of a row near it. */
export function useFocusMovesOn(scroller: RefObject<HTMLElement | null>) {
  const place = useRef<number | null>(null)
  useEffect(() => {
    const list = scroller.current
    if (list === null || place.current === null || document.activeElement !== document.body) return
    const at = place.current
    const buttons = [...list.querySelectorAll<HTMLElement>('[data-cancel]')]
    const placeOf = (button: HTMLElement) => Number(button.dataset.cancel)
    const next = buttons.find((button) => placeOf(button) >= at) ?? buttons.at(-1) ?? list
    next.focus({ preventScroll: true })
  })
  return {
    onFocus: (event: { target: EventTarget }) => {
      const row = event.target instanceof Element ? event.target.closest('[aria-posinset]') : null
      place.current = row === null ? null : Number(row.getAttribute('aria-posinset'))
    },
    // Without a related target, the focused element was removed, or the window lost the focus.
    onBlur: (event: { relatedTarget: EventTarget | null }) => {
      if (event.relatedTarget !== null) place.current = null
    },
  }
}
