import { AppError } from '../../../shared/errors.ts'
import type { ItemId } from '../../../shared/item.ts'
import type { PutioClient } from '../putio/client.ts'

/** The names in a folder of the account: the ids of folders, and null for files. */
export type Names = Map<string, ItemId | null>

/**
 * The folders of the account that files are sent into: each is listed once, and made if it is missing. Names are compared exactly, as the
 * service does.
 */
export class Targets {
  readonly #client: () => PutioClient
  readonly #names = new Map<ItemId, Promise<Names>>()
  readonly #folders = new Map<string, Promise<ItemId>>()
  readonly #made = new Set<ItemId>()

  constructor(client: () => PutioClient) {
    this.#client = client
  }

  names(folderId: ItemId): Promise<Names> {
    const known = this.#names.get(folderId)
    if (known !== undefined) return known
    const listed = this.#client()
      .listItems(folderId)
      .then((items) => new Map(items.map((item) => [item.name, item.kind === 'folder' ? item.id : null])))
    this.#keep(this.#names, folderId, listed)
    return listed
  }

  /** The folder with this name in another one. It is made if it is not there, and gets a free name if a file has its name. */
  folder(parentId: ItemId, name: string): Promise<ItemId> {
    const key = `${parentId}/${name}`
    const known = this.#folders.get(key)
    if (known !== undefined) return known
    const found = this.#findOrMake(parentId, name)
    this.#keep(this.#folders, key, found)
    return found
  }

  /** Makes a folder, whatever is there, with a free name. */
  async newFolder(parentId: ItemId, name: string): Promise<ItemId> {
    const names = await this.names(parentId)
    return this.#make(parentId, names.has(name) ? freeIn(names, name) : name)
  }

  /** True for a folder that was made here, and not found. */
  hasMade(folderId: ItemId): boolean {
    return this.#made.has(folderId)
  }

  /** What did not work is tried again the next time. */
  #keep<K, T>(map: Map<K, Promise<T>>, key: K, value: Promise<T>): void {
    map.set(key, value)
    value.catch(() => map.delete(key))
  }

  async #findOrMake(parentId: ItemId, name: string): Promise<ItemId> {
    const names = await this.names(parentId)
    const known = names.get(name)
    if (known != null) return known
    const free = known === null ? freeIn(names, name) : name
    try {
      return await this.#make(parentId, free)
    } catch (error) {
      // Another program may have made it a moment ago.
      const isTaken = error instanceof AppError && error.code === 'refused'
      const there = isTaken ? await this.#listedNow(parentId, free) : null
      if (there === null) throw error
      return there
    }
  }

  async #make(parentId: ItemId, name: string): Promise<ItemId> {
    const made = await this.#client().createFolder(parentId, name)
    const names = await this.names(parentId)
    names.set(made.name, made.id)
    this.#names.set(made.id, Promise.resolve(new Map()))
    this.#made.add(made.id)
    return made.id
  }

  async #listedNow(parentId: ItemId, name: string): Promise<ItemId | null> {
    this.#names.delete(parentId)
    return (await this.names(parentId)).get(name) ?? null
  }
}

/** A name like this one that is not taken: “name (1).txt”. */
export function freeIn(names: ReadonlyMap<string, unknown>, name: string): string {
  const dot = name.lastIndexOf('.')
  const [stem, end] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, '']
  for (let number = 1; ; number += 1) {
    const candidate = `${stem} (${number})${end}`
    if (!names.has(candidate)) return candidate
  }
}
