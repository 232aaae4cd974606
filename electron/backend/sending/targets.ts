import { AppError } from '../../../shared/errors.ts'
import type { Item, ItemId } from '../../../shared/item.ts'
import type { PutioClient } from '../putio/client.ts'
import { numberedName } from '../putio/numbered-name.ts'

/** The names in a folder of the account: the ids of folders, and null for files. */
export type Names = Map<string, ItemId | null>

/** Others change the account, too. */
const knownForMs = 60_000

interface Known<T> {
  value: Promise<T>
  atMs: number
}

/**
 * The folders of an account that files are sent into: each is listed now and then, and made if it is missing. All sends to an account
 * share it, so that a thousand files cost no more listings than one, and no two get the same name. Names are compared exactly, as the
 * service does.
 */
export class Targets {
  readonly #client: () => PutioClient
  readonly #names = new Map<ItemId, Known<Names>>()
  readonly #folders = new Map<string, Known<ItemId>>()
  readonly #made = new Set<ItemId>()

  constructor(client: () => PutioClient) {
    this.#client = client
  }

  names(folderId: ItemId): Promise<Names> {
    return known(this.#names, folderId, async (before) => {
      const items = await this.#client().listItems(folderId)
      // What is on its way has its name already.
      const names: Names = new Map([...(before ?? [])].filter(([, id]) => id === null))
      for (const item of items) names.set(item.name, item.kind === 'folder' ? item.id : null)
      return names
    })
  }

  /** The folder with this name in another one. It is made if it is not there, and gets a free name if a file has its name. */
  folder(parentId: ItemId, name: string): Promise<ItemId> {
    return known(this.#folders, `${parentId}/${name}`, () => this.#findOrMake(parentId, name))
  }

  /** Makes a folder, whatever is there, with a free name. */
  async newFolder(parentId: ItemId, name: string): Promise<Item> {
    const names = await this.names(parentId)
    return this.#make(parentId, names.has(name) ? freeIn(names, name) : name)
  }

  /** True for a folder that was made here, and not found. */
  hasMade(folderId: ItemId): boolean {
    return this.#made.has(folderId)
  }

  /** Forgets what is in a folder: it is not what it was. */
  forget(folderId: ItemId): void {
    this.#names.delete(folderId)
    for (const key of this.#folders.keys()) if (key.startsWith(`${folderId}/`)) this.#folders.delete(key)
  }

  async #findOrMake(parentId: ItemId, name: string): Promise<ItemId> {
    const names = await this.names(parentId)
    const there = names.get(name)
    if (there != null) return there
    const free = there === null ? freeIn(names, name) : name
    try {
      return (await this.#make(parentId, free)).id
    } catch (error) {
      // Another program may have made it a moment ago.
      const isTaken = error instanceof AppError && error.code === 'refused'
      if (isTaken) this.#names.delete(parentId)
      const found = isTaken ? (await this.names(parentId)).get(free) : null
      if (found == null) throw error
      return found
    }
  }

  async #make(parentId: ItemId, name: string): Promise<Item> {
    const names = await this.names(parentId)
    // Taken from now on: another send may want it, too.
    names.set(name, null)
    try {
      const made = await this.#client().createFolder(parentId, name)
      names.set(made.name, made.id)
      this.#names.set(made.id, { value: Promise.resolve(new Map()), atMs: performance.now() })
      this.#made.add(made.id)
      return made
    } catch (error) {
      names.delete(name)
      throw error
    }
  }
}

/** What is known, unless it is old. What did not work is tried again the next time. */
function known<K, T>(map: Map<K, Known<T>>, key: K, find: (before: T | null) => Promise<T>): Promise<T> {
  const last = map.get(key)
  const atMs = performance.now()
  if (last !== undefined && atMs - last.atMs < knownForMs) return last.value
  const before = last?.value.catch(() => null) ?? Promise.resolve(null)
  const next = { value: before.then(find), atMs }
  map.set(key, next)
  next.value.catch(() => {
    if (map.get(key) === next) map.delete(key)
  })
  return next.value
}

/** A name like this one that is not taken: “name (1).txt”. */
export function freeIn(names: ReadonlyMap<string, unknown>, name: string): string {
  for (let number = 1; ; number += 1) {
    const candidate = numberedName(name, number)
    if (!names.has(candidate)) return candidate
  }
}
