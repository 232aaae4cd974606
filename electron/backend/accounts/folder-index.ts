import { AppError } from '../../../shared/errors.ts'
import { type Crumb, type Item, type ItemId, rootFolderId } from '../../../shared/item.ts'

const maxDepth = 1000

/** What the index stores about a folder. */
interface Folder {
  name: string
  parentId: ItemId | null
}

/** The requests that the index makes to the service. */
export interface FolderSource {
  /** All folders of the space, each with its parent's id; the root first. */
  folderMap(): Promise<{ id: ItemId; name: string; parentId: ItemId | null }[]>
  item(itemId: ItemId): Promise<Item>
  listFolders(folderId: ItemId): Promise<Crumb[]>
}

/**
 * The known folders of an account, learned from one request for all of them and from every listing since. It returns paths and
 * branches of the tree at any depth without a request. Local changes and new listings replace what it knew; changes made elsewhere
 * show up at the next listing or reload.
 */
export class FolderIndex {
  readonly #source: () => FolderSource
  readonly #folders = new Map<ItemId, Folder>()
  readonly #branches = new Map<ItemId, readonly Crumb[]>()
  #loading: Promise<void> | null = null
  #isLoaded = false
  #version = 0

  constructor(source: () => FolderSource) {
    this.#source = source
  }

  /** Counts local changes. A response to a request made at an earlier version is discarded. */
  get version(): number {
    return this.#version
  }

  /** Forgets everything. */
  clear(): void {
    this.#version += 1
    this.#folders.clear()
    this.#branches.clear()
    this.#loading = null
    this.#isLoaded = false
  }

  /** Learns the subfolders in a listing that was requested at `version`. They replace the ones known so far. */
  learnListing(folderId: ItemId, items: readonly Item[], version: number): void {
    if (version !== this.#version) return
    const folders = items.filter(({ kind }) => kind === 'folder').map(({ id, name }) => ({ id, name }))
    this.#setBranch(folderId, folders)
  }

  /** Learns about a folder that was created, renamed or moved by this app. */
  learn({ id, name, parentId, kind }: Item): void {
    if (kind !== 'folder') return
    this.#version += 1
    this.#forgetBranchOf(id)
    this.#folders.set(id, { name, parentId })
    this.#branches.delete(parentId)
  }

  /** Records that items were moved to another folder. */
  move(itemIds: readonly ItemId[], parentId: ItemId): void {
    this.#version += 1
    for (const id of itemIds) {
      const folder = this.#folders.get(id)
      if (folder === undefined) continue
      this.#forgetBranchOf(id)
      folder.parentId = parentId
    }
    this.#branches.delete(parentId)
  }

  /** Records that items were deleted. */
  remove(itemIds: readonly ItemId[]): void {
    this.#version += 1
    for (const id of itemIds) {
      this.#forgetBranchOf(id)
      this.#folders.delete(id)
      this.#branches.delete(id)
    }
  }

  /** Records that the contents of folders changed; their branches are requested again on demand. */
  expire(folderIds: readonly ItemId[]): void {
    this.#version += 1
    for (const id of folderIds) this.#branches.delete(id)
  }

  /** The subfolders of a folder, in no particular order. Errors: not-found. */
  async branch(folderId: ItemId): Promise<readonly Crumb[]> {
    if (!this.#branches.has(folderId)) await this.#loadOnce()
    const known = this.#branches.get(folderId)
    if (known !== undefined) return known
    const version = this.#version
    const listed = await this.#source().listFolders(folderId)
    if (version === this.#version) this.#setBranch(folderId, listed)
    return listed
  }

  /** The path from the root to a folder, both included. Errors: not-found. */
  async path(folderId: ItemId): Promise<Crumb[]> {
    const known = this.#knownPath(folderId)
    if (known !== null) return known
    await this.#loadOnce()
    return this.#knownPath(folderId) ?? this.#walk(folderId)
  }

  /** Requests all folders at once, if not done yet. If that fails, folders are requested one by one. */
  async #loadOnce(): Promise<void> {
    if (this.#isLoaded) return
    const loading = this.#loading ?? this.#load()
    this.#loading = loading
    try {
      await loading
    } finally {
      if (this.#loading === loading) this.#loading = null
    }
  }

  async #load(): Promise<void> {
    const version = this.#version
    try {
      const folders = await this.#source().folderMap()
      if (version !== this.#version) return
      this.#learnAll(folders)
      this.#isLoaded = true
    } catch (error) {
      if (!(error instanceof AppError)) throw error
    }
  }

  #learnAll(folders: readonly { id: ItemId; name: string; parentId: ItemId | null }[]): void {
    const branches = new Map<ItemId, Crumb[]>(folders.map(({ id }) => [id, []]))
    for (const { id, name, parentId } of folders) {
      this.#folders.set(id, { name, parentId })
      if (parentId !== null) branches.get(parentId)?.push({ id, name })
    }
    for (const [id, crumbs] of branches) this.#branches.set(id, crumbs)
  }

  /** Requests one parent after another until it reaches a folder whose path is known. */
  async #walk(folderId: ItemId): Promise<Crumb[]> {
    const below: Crumb[] = []
    const seen = new Set<ItemId>()
    // A service may report a folder as its own ancestor.
    for (let id = folderId; !seen.has(id) && below.length < maxDepth; ) {
      const known = this.#knownPath(id)
      if (known !== null) return [...known, ...below]
      seen.add(id)
      const version = this.#version
      const item = await this.#source().item(id)
      if (version === this.#version) this.#folders.set(id, { name: item.name, parentId: item.parentId })
      below.unshift({ id, name: item.name })
      id = item.parentId
    }
    if (below.length === maxDepth) throw new AppError('refused', 'This folder is too deep to tell the path to it.')
    return [root, ...below]
  }

  #knownPath(folderId: ItemId): Crumb[] | null {
    const below: Crumb[] = []
    const seen = new Set<ItemId>()
    for (let id = folderId; id !== rootFolderId; ) {
      const folder = this.#folders.get(id)
      if (folder === undefined || folder.parentId === null || seen.has(id)) return null
      seen.add(id)
      below.unshift({ id, name: folder.name })
      id = folder.parentId
    }
    return [root, ...below]
  }

  #setBranch(folderId: ItemId, folders: readonly Crumb[]): void {
    const before = this.#branches.get(folderId) ?? []
    const here = new Set(folders.map(({ id }) => id))
    // Moved or deleted elsewhere: its new place is unknown.
    for (const { id } of before)
      if (!here.has(id) && this.#folders.get(id)?.parentId === folderId) this.#folders.delete(id)
    for (const { id, name } of folders) this.#folders.set(id, { name, parentId: folderId })
    this.#branches.set(folderId, folders)
  }

  #forgetBranchOf(id: ItemId): void {
    const parentId = this.#folders.get(id)?.parentId ?? null
    if (parentId !== null) this.#branches.delete(parentId)
  }
}

const root: Crumb = { id: rootFolderId, name: 'Your Files' }
