import type { Friends, ReadableItem } from './friends.ts'

/** Items that a client wants as one zip, which is made when it is fetched. */
export interface ZipSelection {
  id: number
  itemIds: readonly number[]
  createdAtSeconds: number
}

/** A user's zips. They are forgotten when the service ends, and the oldest when there are many. */
export interface Zips {
  /** Throws a `Refusal` for an item that the user may not read. The same items have the same zip. */
  create(itemIds: readonly number[]): ZipSelection
  /** Newest first. */
  list(): ZipSelection[]
  /** Null when there is none with this id. */
  get(id: number): ZipSelection | null
  /** The items of a zip that are still there. */
  items(zip: ZipSelection): ReadableItem[]
  remove(id: number): void
}

const maxZips = 100
/** More items than this in the selection itself are refused; folders may contain any number. */
export const maxZipItems = 10_000

export function createZips(friends: Friends): Zips {
  const zips = new Map<number, ZipSelection>()
  let lastId = 0
  return {
    create: (itemIds) => {
      for (const id of itemIds) friends.read(id)
      const same = [...zips.values()].find((zip) => `${zip.itemIds}` === `${itemIds}`)
      if (same !== undefined) return same
      lastId += 1
      const zip = { id: lastId, itemIds, createdAtSeconds: Math.floor(Date.now() / 1000) }
      zips.set(zip.id, zip)
      const [oldest] = zips.keys()
      if (zips.size > maxZips && oldest !== undefined) zips.delete(oldest)
      return zip
    },
    list: () => [...zips.values()].reverse(),
    get: (id) => zips.get(id) ?? null,
    items: ({ itemIds }) =>
      itemIds.flatMap((id) => {
        const found = friends.find(id)
        return found === null ? [] : [found]
      }),
    remove: (id) => {
      zips.delete(id)
    },
  }
}
