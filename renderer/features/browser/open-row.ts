import type { Row } from '../../store/listing.ts'
import type { AppStore } from '../../store/store.ts'
import { isShownInWindow } from '../../store/viewers.ts'

export function isPlayable(row: Row): boolean {
  return row.kind === 'movie' || row.kind === 'audio'
}

/**
 * Does what people expect of each kind: enters a folder, plays a film or a sound, shows pictures, texts and PDFs in quick look, and
 * opens anything else in the system's program for it.
 */
export function openRow(store: AppStore, row: Row) {
  const { place, goTo, look, openItem } = store.getState()
  if (place === null) return
  if (row.kind === 'folder') goTo(place.accountId, row.id)
  else if (isShownInWindow(row)) look(place.accountId, [row.id], 0)
  else void openItem(place.accountId, row)
}
