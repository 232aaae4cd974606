import { useMemo } from 'react'
import { type Row, rowAt } from '../../store/listing.ts'
import { filterIndexes } from '../../store/order.ts'
import type { Shown } from '../../store/selection.ts'
import { useApp } from '../../store/use-app.ts'

/** The rows of the trash as shown: newest first, without those that the filter hides. */
export interface ShownTrash extends Shown {
  rowAt(place: number): Row | null
  /** The old path of an item, with slashes; empty for the root folder. */
  folderAt(place: number): string
}

export function useTrash(): ShownTrash {
  const trash = useApp(({ trash, place }) => (trash?.accountId === place?.accountId ? trash : null))
  const filter = useApp((state) => state.filter)
  const [listing, folders] = [trash?.listing ?? null, trash?.folders]
  return useMemo(() => {
    const ids = listing?.columns.ids ?? new Float64Array()
    const all = Uint32Array.from(ids, (_, index) => index)
    const indexes = listing === null ? all : filterIndexes(listing, all, filter)
    return {
      count: indexes.length,
      rowAt: (place) => (listing === null ? null : rowAt(listing, indexes[place] ?? -1)),
      folderAt: (place) => folders?.[indexes[place] ?? -1] ?? '',
      idAt: (place) => ids[indexes[place] ?? -1] ?? null,
      placeOf: (id) => {
        const index = ids.indexOf(id)
        return index === -1 ? -1 : indexes.indexOf(index)
      },
    }
  }, [listing, folders, filter])
}
