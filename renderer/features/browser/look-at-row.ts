import type { AppStore } from '../../store/store.ts'
import type { ShownRows } from './use-shown.ts'

/** Opens quick look at the focused row. From there it goes on through the selected rows, or through all if one is selected. */
export function lookAtRow(store: AppStore, shown: ShownRows) {
  const { place, selection, look } = store.getState()
  if (place === null || shown.count === 0) return
  const isSome = selection.ids.size > 1
  const ids: number[] = []
  for (let at = 0; at < shown.count; at++) {
    const id = shown.idAt(at)
    if (id !== null && (!isSome || selection.ids.has(id))) ids.push(id)
  }
  const [first] = selection.ids
  const focused = selection.focusId !== null && ids.includes(selection.focusId) ? selection.focusId : first
  const at = focused === undefined ? 0 : ids.indexOf(focused)
  if (ids.length > 0) look(place.accountId, ids, Math.max(0, at))
}
