import type { Database } from '../data/database.ts'
import { createConfigs } from './configs.ts'

/** The order in which a user wants to see each folder, by the folder's id, in the words of the client. */
export interface SortOrders {
  /** Null if the folder has none. */
  get(folderId: number): string | null
  set(folderId: number, order: string): void
  clear(): void
  /** Changes with every change. */
  version(): number
}

/** No app of a client has an empty name. */
const ownApp = ''
const name = 'sort orders'
/** The folders that were sorted longest ago are forgotten first. */
const maxFolders = 2000

export function createSortOrders(db: Database, userId: number): SortOrders {
  const configs = createConfigs(db, userId)
  let version = 0
  const read = (): [number, string][] => {
    const stored: unknown = configs.get(ownApp, name)
    return (Array.isArray(stored) ? stored : []).filter(
      (pair): pair is [number, string] =>
        Array.isArray(pair) && Number.isSafeInteger(pair[0]) && typeof pair[1] === 'string',
    )
  }
  let known: Map<number, string> | null = null
  const orders = () => {
    known ??= new Map(read())
    return known
  }
  const write = (changed: ReadonlyMap<number, string>) => {
    configs.set(ownApp, name, [...changed].slice(-maxFolders))
    known = null
    version += 1
  }
  return {
    get: (folderId) => orders().get(folderId) ?? null,
    set: (folderId, order) => {
      const others = [...orders()].filter(([id]) => id !== folderId)
      write(new Map([...others, [folderId, order]]))
    },
    clear: () => write(new Map()),
    version: () => version,
  }
}
