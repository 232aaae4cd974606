import type { ItemColumns } from '../../shared/item.ts'
import type { Settings } from '../../shared/settings.ts'
import { allNames, folderKind, type JoinedNames, joinedNames, type Listing } from './listing.ts'
import { areInNaturalOrder, inNaturalOrder } from './natural-order.ts'

export type SortBy = Settings['sortBy']

/** What was computed for sorting and filtering a listing. It is cached as long as the listing. */
interface Prepared {
  /** The position of each item in the natural order of names; null if the listing is in that order. */
  rankOfName?: Uint32Array | null
  /** All names in lower case. */
  searchText?: JoinedNames
}

const cache = new WeakMap<Listing, Prepared>()

function preparedFor(listing: Listing): Prepared {
  const cached = cache.get(listing)
  if (cached) return cached
  const prepared: Prepared = {}
  cache.set(listing, prepared)
  return prepared
}

function rankOfName(listing: Listing): Uint32Array | null {
  const prepared = preparedFor(listing)
  if (prepared.rankOfName === undefined)
    prepared.rankOfName = areInNaturalOrder(listing.names) ? null : ranksOf(inNaturalOrder(allNames(listing)))
  return prepared.rankOfName
}

function ranksOf(indexes: Uint32Array): Uint32Array {
  const ranks = new Uint32Array(indexes.length)
  indexes.forEach((index, place) => {
    ranks[index] = place
  })
  return ranks
}

/**
 * The indexes of a listing's items in display order: folders first in both directions, equal values by name. An unknown date counts
 * as the oldest.
 */
export function sortIndexes(listing: Listing, sortBy: SortBy, isDescending: boolean): Uint32Array {
  const { columns } = listing
  const ranks = rankOfName(listing)
  const rank = (index: number) => ranks?.[index] ?? index
  const sorted = new Uint32Array(listing.count)
  for (let index = 0; index < sorted.length; index++) sorted[rank(index)] = index
  if (sortBy === 'name') {
    if (isDescending) sorted.reverse()
  } else {
    const sign = isDescending ? -1 : 1
    const values = valuesOf(columns, sortBy)
    sorted.sort((a, b) => sign * ((values[a] ?? 0) - (values[b] ?? 0)) || rank(a) - rank(b))
  }
  return foldersFirst(sorted, columns.kinds)
}

/** What is sorted by. An unknown date is before all others. */
function valuesOf({ sizesBytes, kinds, addedAtMs }: ItemColumns, sortBy: Exclude<SortBy, 'name'>) {
  if (sortBy === 'size') return sizesBytes
  return sortBy === 'kind' ? kinds : addedAtMs.map((at) => (Number.isNaN(at) ? -1 : at))
}

function foldersFirst(sorted: Uint32Array, kinds: Uint8Array): Uint32Array {
  if (!kinds.includes(folderKind)) return sorted
  const result = new Uint32Array(sorted.length)
  let next = 0
  for (const index of sorted) if (kinds[index] === folderKind) result[next++] = index
  for (const index of sorted) if (kinds[index] !== folderKind) result[next++] = index
  return result
}

function searchTextOf(listing: Listing): JoinedNames {
  const prepared = preparedFor(listing)
  prepared.searchText ??= joinedNames(listing.names.text.toLowerCase(), listing.count)
  return prepared.searchText
}

/** The indexes whose names contain every word of `filter`, in the same order. */
export function filterIndexes(listing: Listing, indexes: Uint32Array, filter: string): Uint32Array {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return indexes
  const hits = new Uint8Array(listing.count)
  for (const word of words) markHits(searchTextOf(listing), word.replaceAll('\0', ''), hits)
  return indexes.filter((index) => hits[index] === words.length)
}

/** Counts a hit for each name that contains `word`, in one pass over the joined text. */
function markHits({ text, starts }: JoinedNames, word: string, hits: Uint8Array): void {
  let row = 0
  for (let at = text.indexOf(word); at !== -1 && row < hits.length; at = text.indexOf(word, starts[row])) {
    while (row + 1 < hits.length && (starts[row + 1] ?? 0) <= at) row++
    hits[row] = (hits[row] ?? 0) + 1
    row++
    if (row >= hits.length) return
  }
}
