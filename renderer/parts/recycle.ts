/** An element of a scrolled list. It is used again for another item when its own is scrolled out of sight. */
export interface Slot {
  /** Identifies the element. */
  key: number
  id: number
  /** The position of its item in the list. */
  at: number
}

/**
 * Gives each item an element: those that had one keep it, others get one that is free, and new ones are made only if none is. The
 * elements stay in their order, which after that may not be the order of the items.
 */
export function recycle(slots: readonly Slot[], items: readonly Omit<Slot, 'key'>[]): Slot[] {
  const waiting = new Map(items.map((item) => [item.id, item]))
  // Should two items have the same id, they must both be shown.
  const others = items.filter((item) => waiting.get(item.id) !== item)
  const kept = slots.map(({ key, id }) => {
    const item = waiting.get(id)
    waiting.delete(id)
    return { key, item }
  })
  const fresh = [...waiting.values(), ...others]
  const used = kept.flatMap(({ key, item = fresh.shift() }) => (item === undefined ? [] : { key, ...item }))
  const unused = firstUnused(slots)
  return [...used, ...fresh.map((item, index) => ({ key: unused + index, ...item }))]
}

function firstUnused(slots: readonly Slot[]): number {
  return slots.reduce((highest, { key }) => Math.max(highest, key), -1) + 1
}

export function inOrder(slots: readonly Slot[]): Slot[] {
  return slots.toSorted((a, b) => a.at - b.at)
}
