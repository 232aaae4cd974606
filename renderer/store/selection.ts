/** The selection in the list: the ids of the items, the anchor of a range, and the item with the keyboard focus. */
export interface Selection<Id = number> {
  ids: ReadonlySet<Id>
  anchorId: Id | null
  focusId: Id | null
  /** True if everything was selected: then what is still being fetched is selected, too. */
  isWhole?: boolean
}

export const noSelection: Selection = { ids: new Set(), anchorId: null, focusId: null }

/** The rows as shown: their number, and the item in each. */
export interface Shown<Id = number> {
  count: number
  idAt(place: number): Id | null
  placeOf(id: Id): number
}

/** `replace`: a plain click or arrow key; `extend`: with Shift; `toggle`: Ctrl and click; `focus`: Ctrl and arrow, selects nothing. */
export type Reach = 'replace' | 'extend' | 'toggle' | 'focus'

/** The selection after a click or key press on the item at `place`. */
export function select<Id>(selection: Selection<Id>, shown: Shown<Id>, place: number, reach: Reach): Selection<Id> {
  const id = shown.idAt(place)
  if (id === null) return selection
  switch (reach) {
    case 'replace':
      return { ids: new Set([id]), anchorId: id, focusId: id }
    case 'focus':
      return { ...selection, focusId: id }
    case 'toggle': {
      const ids = new Set(selection.ids)
      if (!ids.delete(id)) ids.add(id)
      return { ids, anchorId: id, focusId: id }
    }
    case 'extend': {
      const anchorId = selection.anchorId ?? selection.focusId ?? id
      const from = shown.placeOf(anchorId)
      if (from === -1) return { ids: new Set([id]), anchorId: id, focusId: id }
      const ids = new Set<Id>()
      for (let at = Math.min(from, place); at <= Math.max(from, place); at++) {
        const inside = shown.idAt(at)
        if (inside !== null) ids.add(inside)
      }
      return { ids, anchorId, focusId: id }
    }
    default: {
      const never: never = reach
      return never
    }
  }
}

export function selectAll<Id>(selection: Selection<Id>, shown: Shown<Id>): Selection<Id> {
  const ids = new Set<Id>()
  for (let place = 0; place < shown.count; place++) {
    const id = shown.idAt(place)
    if (id !== null) ids.add(id)
  }
  const [anchorId, focusId] = [selection.anchorId ?? shown.idAt(0), selection.focusId ?? shown.idAt(0)]
  return { ids, anchorId, focusId, isWhole: true }
}

/** The item that takes the place of the selected ones once they are gone: the next one, or else the one before; null if none is left. */
export function nextAfter<Id>({ ids, focusId }: Selection<Id>, shown: Shown<Id>): Id | null {
  const places = [...ids].map(shown.placeOf).filter((place) => place !== -1)
  const from = focusId !== null && ids.has(focusId) ? shown.placeOf(focusId) : Math.min(...places)
  const isLeft = (place: number) => {
    const id = shown.idAt(place)
    return id !== null && !ids.has(id)
  }
  for (let place = from + 1; place < shown.count; place++) if (isLeft(place)) return shown.idAt(place)
  for (let place = Math.min(from, shown.count) - 1; place >= 0; place--) if (isLeft(place)) return shown.idAt(place)
  return null
}

/** The selection without items that no longer exist; the same object if nothing changes. */
export function keepExisting(selection: Selection, isThere: (id: number) => boolean): Selection {
  const removed = [...selection.ids].filter((id) => !isThere(id))
  const orNull = (id: number | null) => (id !== null && isThere(id) ? id : null)
  const anchorId = orNull(selection.anchorId)
  const focusId = orNull(selection.focusId)
  if (removed.length === 0 && anchorId === selection.anchorId && focusId === selection.focusId) return selection
  const ids = new Set(selection.ids)
  for (const id of removed) ids.delete(id)
  return { ids, anchorId, focusId }
}

/**
 * Type-ahead: the place of the next name that starts with the typed letters, from `from` on and then from the top. Typing the same
 * letter again moves to the next match; -1 if no name matches.
 */
export function findTyped(names: (place: number) => string, count: number, typed: string, from: number): number {
  const letters = typed.toLowerCase()
  const first = letters[0] ?? ''
  const isOneLetter = letters.length > 1 && [...letters].every((letter) => letter === first)
  for (const [wanted, start] of isOneLetter
    ? ([
        [letters, from],
        [first, from + 1],
      ] as const)
    : ([[letters, letters.length === 1 ? from + 1 : from]] as const)) {
    for (let step = 0; step < count; step++) {
      const place = (Math.max(0, start) + step) % count
      if (names(place).toLowerCase().startsWith(wanted)) return place
    }
  }
  return -1
}
