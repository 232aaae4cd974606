import { useMemo } from 'react'
import type { Listing } from '../../store/listing.ts'
import { filterIndexes, sortIndexes } from '../../store/order.ts'
import type { Shown } from '../../store/selection.ts'
import { shownFilter, shownFolder } from '../../store/selectors.ts'
import { useApp } from '../../store/use-app.ts'

/** The rows as shown: the sorted and filtered view of a listing. */
export interface ShownRows extends Shown {
  listing: Listing | null
  indexAt(place: number): number
}

export function useShown(): ShownRows {
  const listing = useApp((state) => shownFolder(state)?.listing ?? null)
  const filter = useApp(shownFilter)
  const sortBy = useApp((state) => state.settings?.sortBy ?? 'name')
  const isDescending = useApp((state) => state.settings?.isSortDescending ?? false)
  const sorted = useMemo(
    () => (listing === null ? new Uint32Array() : sortIndexes(listing, sortBy, isDescending)),
    [listing, sortBy, isDescending],
  )
  return useMemo(() => {
    const indexes = listing === null ? sorted : filterIndexes(listing, sorted, filter)
    const ids = listing?.columns.ids ?? new Float64Array()
    return {
      listing,
      count: indexes.length,
      indexAt: (place) => indexes[place] ?? -1,
      idAt: (place) => ids[indexes[place] ?? -1] ?? null,
      placeOf: (id) => {
        const index = ids.indexOf(id)
        return index === -1 ? -1 : indexes.indexOf(index)
      },
    }
  }, [listing, sorted, filter])
}
