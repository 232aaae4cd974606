import { type Row, rowAt } from '../../store/listing.ts'
import type { AppStore } from '../../store/store.ts'
import { isPlayable } from './open-row.ts'
import type { ShownRows } from './use-shown.ts'

/** The films and sounds among the shown rows from a place on, in their order. */
export function playableFrom(shown: ShownRows, from: number, isWanted: (row: Row) => boolean = () => true): Row[] {
  const rows: Row[] = []
  for (let at = Math.max(0, from); at < shown.count; at += 1) {
    const row = shown.listing === null ? null : rowAt(shown.listing, shown.indexAt(at))
    if (row !== null && isPlayable(row) && isWanted(row)) rows.push(row)
  }
  return rows
}

/** The selected films and sounds, in the order in which they are shown. */
export function selectedMedia(store: AppStore, shown: ShownRows): Row[] {
  const { ids } = store.getState().selection
  return ids.size === 0 ? [] : playableFrom(shown, 0, ({ id }) => ids.has(id))
}

/** Plays rows as one list. */
export function playRows(store: AppStore, rows: readonly Row[], playerId: string | null = null) {
  const { place, playAll } = store.getState()
  const [first] = rows
  if (place === null || first === undefined) return
  void playAll({
    accountId: place.accountId,
    itemIds: rows.map(({ id }) => id),
    folderId: null,
    name: first.name,
    playerId,
  })
}
