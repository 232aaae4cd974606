import type { Row } from '../../store/listing.ts'
import type { AppStore } from '../../store/store.ts'
import { say } from '../../words/say.ts'

export function isPlayable(row: Row): boolean {
  return row.kind === 'movie' || row.kind === 'audio'
}

/** Opens a folder or plays a film or sound. For anything else, a toast says that it cannot be played. */
export function openRow(store: AppStore, row: Row) {
  const { place, goTo, play, toast } = store.getState()
  if (place === null) return
  if (row.kind === 'folder') goTo(place.accountId, row.id)
  else if (isPlayable(row)) void play(place.accountId, row.id, row.name, null)
  else toast(say('list.notPlayable', { name: row.name }))
}
