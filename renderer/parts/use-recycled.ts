import { useRef } from 'react'
import { inOrder, recycle, type Slot } from './recycle.ts'

/**
 * The elements for the items that are rendered of a list, see `recycle`. As long as a list is only scrolled, its elements stay where
 * they are in the document; once it is another list, they are in the order of its items.
 */
export function useRecycled(list: unknown, items: readonly Omit<Slot, 'key'>[]): readonly Slot[] {
  const last = useRef<{ list: unknown; slots: readonly Slot[] }>({ list: null, slots: [] })
  const slots = recycle(last.current.slots, items)
  last.current = { list, slots: list === last.current.list ? slots : inOrder(slots) }
  return last.current.slots
}

/** For `aria-owns`: the ids of the elements in the order of their items. Undefined if they are in that order. */
export function ownedInOrder(slots: readonly Slot[], idOf: (slot: Slot) => string): string | undefined {
  const isOrdered = slots.every(({ at }, index) => index === 0 || at > (slots[index - 1]?.at ?? 0))
  return isOrdered ? undefined : inOrder(slots).map(idOf).join(' ')
}
