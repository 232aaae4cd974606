import type { Settings } from '../../shared/settings.ts'
import type { Listing } from './listing.ts'

export type SortBy = Settings['sortBy']

/** Data for sorting and filtering a listing, computed once and cached as long as the listing. */
interface Keys {
  /** The position of each item in the natural order of names. */
  rankOfName: Uint32Array
  /** All names in lower case, joined by NUL, and the start of each. */
  text: string
  starts: Uint32Array
}

const cache = new WeakMap<Listing, { rankOfName?: Uint32Array; search?: Pick<Keys, 'text' | 'starts'> }>()

function cacheOf(listing: Listing) {
  const cached = cache.get(listing)
  if (cached) return cached
  const entry = {}
  cache.set(listing, entry)
  return entry
}

const marks = /\p{M}+/gu
const plainAscii = /^[\x20-\x7e]*$/

/** Longer names are compared by their raw text beyond this length: normalizing many combining marks is slow. */
const maxKeyLength = 512

/** The key for natural sorting: without case and accents, numbers by value. */
function naturalKey(whole: string): string {
  const name = whole.slice(0, maxKeyLength)
  const folded = plainAscii.test(name) ? name.toLowerCase() : name.normalize('NFKD').replace(marks, '').toLowerCase()
  return folded.replace(/\d+/g, (digits) => {
    const value = digits.replace(/^0+(?=\d)/, '')
    return String.fromCharCode(0x30, Math.min(value.length, 0xff)) + value
  })
}

/** The indexes of names in natural order. Equal names keep their order. */
function inNaturalOrder(names: readonly string[]): Uint32Array {
  const keys = names.map(naturalKey)
  return Uint32Array.from(keys, (_, index) => index).sort((a, b) => {
    const [keyA = '', keyB = ''] = [keys[a], keys[b]]
    if (keyA !== keyB) return keyA < keyB ? -1 : 1
    const [nameA = '', nameB = ''] = [names[a], names[b]]
    if (nameA !== nameB) return nameA < nameB ? -1 : 1
    return a - b
  })
}

/** Sorts values naturally by name. */
export function sortByName<T extends { name: string }>(values: readonly T[]): T[] {
  return [...inNaturalOrder(values.map(({ name }) => name))].flatMap((index) => values[index] ?? [])
}

function rankOfName(listing: Listing): Uint32Array {
  const entry: { rankOfName?: Uint32Array } = cacheOf(listing)
  if (entry.rankOfName) return entry.rankOfName
  const indexes = inNaturalOrder(listing.names)
  const ranks = new Uint32Array(indexes.length)
  indexes.forEach((index, place) => {
    ranks[index] = place
  })
  entry.rankOfName = ranks
  return ranks
}

/**
 * The indexes of a listing's items in display order: folders first in both directions, equal values by name. An unknown date counts
 * as the oldest.
 */
export function sortIndexes(listing: Listing, sortBy: SortBy, isDescending: boolean): Uint32Array {
  const { columns } = listing
  const ranks = rankOfName(listing)
  const value = (index: number): number => {
    if (sortBy === 'size') return columns.sizesBytes[index] ?? 0
    if (sortBy === 'kind') return columns.kinds[index] ?? 0
    const at = columns.addedAtMs[index] ?? Number.NaN
    return Number.isNaN(at) ? -1 : at
  }
  const sign = isDescending ? -1 : 1
  const indexes = Uint32Array.from(columns.ids, (_, index) => index)
  const byName = new Uint32Array(indexes.length)
  for (const index of indexes) byName[ranks[index] ?? 0] = index
  if (sortBy === 'name') {
    if (isDescending) byName.reverse()
  } else {
    const values = Float64Array.from(indexes, value)
    byName.sort((a, b) => sign * ((values[a] ?? 0) - (values[b] ?? 0)) || (ranks[a] ?? 0) - (ranks[b] ?? 0))
  }
  return foldersFirst(byName, columns.kinds)
}

function foldersFirst(sorted: Uint32Array, kinds: Uint8Array): Uint32Array {
  const result = new Uint32Array(sorted.length)
  let next = 0
  for (const index of sorted) if (kinds[index] === 0) result[next++] = index
  for (const index of sorted) if (kinds[index] !== 0) result[next++] = index
  return result
}

function searchTextOf(listing: Listing): Pick<Keys, 'text' | 'starts'> {
  const entry: { search?: Pick<Keys, 'text' | 'starts'> } = cacheOf(listing)
  if (entry.search) return entry.search
  const starts = new Uint32Array(listing.names.length)
  const lowered = listing.names.map((name) => name.toLowerCase())
  let at = 0
  for (let index = 0; index < lowered.length; index++) {
    starts[index] = at
    at += (lowered[index]?.length ?? 0) + 1
  }
  entry.search = { text: lowered.join('\0'), starts }
  return entry.search
}

/** The indexes whose names contain every word of `filter`, in the same order. */
export function filterIndexes(listing: Listing, indexes: Uint32Array, filter: string): Uint32Array {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return indexes
  const hits = new Uint8Array(listing.names.length)
  for (const word of words) markHits(searchTextOf(listing), word.replaceAll('\0', ''), hits)
  return indexes.filter((index) => hits[index] === words.length)
}

/** Counts a hit for each name that contains `word`, in one pass over the joined text. */
function markHits({ text, starts }: Pick<Keys, 'text' | 'starts'>, word: string, hits: Uint8Array): void {
  let row = 0
  for (let at = text.indexOf(word); at !== -1 && row < starts.length; at = text.indexOf(word, starts[row])) {
    while (row + 1 < starts.length && (starts[row + 1] ?? 0) <= at) row++
    hits[row] = (hits[row] ?? 0) + 1
    row++
    if (row >= starts.length) return
  }
}
