import { useMemo } from 'react'
import type { Listing } from '../../store/listing.ts'
import { shownFolder } from '../../store/selectors.ts'
import { useApp } from '../../store/use-app.ts'
import { formatExactSize, formatSize } from '../../words/format.ts'
import { say } from '../../words/say.ts'

function sumOf({ columns, count }: Listing, ids: ReadonlySet<number> | null): number {
  let sum = 0
  for (let index = 0; index < count; index++)
    if (ids === null || ids.has(columns.ids[index] ?? -1)) sum += columns.sizesBytes[index] ?? 0
  return sum
}

/** The number and total size of the selected items, or of the whole list if none is selected. */
export function SelectionSummary() {
  const listing = useApp((state) => shownFolder(state)?.listing ?? null)
  const isPartial = useApp((state) => shownFolder(state)?.isPartial ?? false)
  const isLoading = useApp((state) => shownFolder(state)?.isLoading ?? false)
  const total = useApp((state) => shownFolder(state)?.total ?? null)
  const ids = useApp((state) => state.selection.ids)
  const hasSelection = ids.size > 0
  const bytes = useMemo(
    () => (listing === null ? 0 : sumOf(listing, hasSelection ? ids : null)),
    [listing, ids, hasSelection],
  )
  if (listing === null) return <span />
  const count = listing.count
  const size = formatSize(bytes)
  const selected = ids.size
  const sentence =
    isPartial && !isLoading
      ? say('statusBar.incomplete', { count })
      : isPartial
        ? partOf(count, total, hasSelection ? selected : null)
        : hasSelection
          ? say('statusBar.selected', { selected, count, size })
          : say('statusBar.items', { count, size })
  return <span title={formatExactSize(bytes)}>{sentence}</span>
}

/** How much has come of a list that is still being fetched, or how much of it is selected. */
function partOf(count: number, total: number | null, selected: number | null): string {
  if (selected === null)
    return total === null ? say('statusBar.loading', { count }) : say('statusBar.loadingOf', { count, total })
  return total === null
    ? say('statusBar.selectedLoading', { selected })
    : say('statusBar.selectedLoadingOf', { selected, total })
}
