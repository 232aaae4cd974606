import { useEffect, useMemo, useRef, useState } from 'react'
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
