import type { AccountId, Friend } from '../../shared/account.ts'
import type { Crumb, ItemId } from '../../shared/item.ts'
import { type Folder, type FolderKey, folderKey } from './keys.ts'
import { sortByName } from './natural-order.ts'
import type { Slice } from './store.ts'

/** The subfolders of a folder, for the tree. */
export interface Children {
  folders: readonly Crumb[] | null
  isLoading: boolean
}

export interface TreeSlice {
  tree: ReadonlyMap<FolderKey, Children>
  /** The keys of expanded branches; `…:shared` is "Shared with me". */
  expanded: ReadonlySet<string>
  /** Loads a branch. If that fails, it stays as it is. */
  loadChildren(accountId: AccountId, folderId: ItemId): Promise<void>
  /** Loads a branch if it is not known yet. */
  wantChildren(accountId: AccountId, folderId: ItemId): Promise<void>
  /** Opens a branch for the person, and loads it if it is not known yet. If that fails, it is closed again, and a message says why. */
  openBranch(folder: Folder, setOpen: (isOpen: boolean) => void): Promise<void>
  /** Stores a branch that is known from a listing of its folder. */
  learnBranch(accountId: AccountId, folderId: ItemId, folders: readonly Crumb[]): void
  /** Expands the branches on the path to a folder, so that it is visible. */
  reveal(accountId: AccountId, path: readonly Crumb[]): void
  setExpanded(key: string, isExpanded: boolean): void
}

/** The folder trees, fetched branch by branch as they are expanded. */
export const treeSlice: Slice<TreeSlice> = (client) => (set, get) => {
  const newest = new Map<FolderKey, Promise<void>>()

  function put(key: FolderKey, change: Partial<Children>) {
    set((state) => ({
      tree: new Map(state.tree).set(key, {
        ...(state.tree.get(key) ?? { folders: null, isLoading: false }),
        ...change,
      }),
    }))
  }

  /** Resolves and rejects as the newest request for the branch does. */
  function load(accountId: AccountId, folderId: ItemId): Promise<void> {
    const key = folderKey(accountId, folderId)
    const ask = async (): Promise<void> => {
      put(key, { isLoading: true })
      const [answer] = await Promise.allSettled([client.call('items.folders', { accountId, folderId })])
      const last = newest.get(key)
      if (last !== asked) return last
      put(key, { isLoading: false, ...(answer.status === 'fulfilled' && { folders: sortByName(answer.value) }) })
      if (answer.status === 'rejected') throw answer.reason
    }
    const asked: Promise<void> = ask()
    newest.set(key, asked)
    return asked
  }

  return {
    tree: new Map(),
    expanded: new Set(),
    loadChildren: (accountId, folderId) => load(accountId, folderId).catch(() => undefined),
    wantChildren: async (accountId, folderId) => {
      const known = get().tree.get(folderKey(accountId, folderId))
      if (known === undefined || (known.folders === null && !known.isLoading))
        await get().loadChildren(accountId, folderId)
    },
    openBranch: ({ accountId, folderId }, setOpen) =>
      get().attempt(async () => {
        setOpen(true)
        const key = folderKey(accountId, folderId)
        const known = get().tree.get(key)
        if (known !== undefined && known.folders !== null) return
        try {
          await (known?.isLoading === true ? newest.get(key) : load(accountId, folderId))
        } catch (error) {
          setOpen(false)
          throw error
        }
      }),
    learnBranch: (accountId, folderId, folders) => {
      const key = folderKey(accountId, folderId)
      newest.set(key, Promise.resolve())
      put(key, { folders: sortByName(folders), isLoading: false })
    },
    reveal: (accountId, path) => {
      for (const { id } of path.slice(0, -1)) {
        get().setExpanded(folderKey(accountId, id), true)
        void get().wantChildren(accountId, id)
      }
    },
    setExpanded: (key, isExpanded) => {
      const expanded = new Set(get().expanded)
      if (isExpanded) expanded.add(key)
      else expanded.delete(key)
      set({ expanded })
    },
  }
}

/** A line of the tree as rendered. */
export interface TreeLine {
  key: string
  /** Null for "Shared with me", which only contains folders of other users, and for the feeds and the trash. */
  folderId: ItemId | null
  name: string
  level: number
  isRoot: boolean
  isExpandable: boolean
  isExpanded: boolean
  /** Position among its siblings, from 1, and their number. */
  place: number
  siblings: number
}

interface TreeOptions {
  accountId: AccountId
  tree: TreeSlice['tree']
  expanded: TreeSlice['expanded']
  friends: readonly Friend[]
  /** Without a name for the feeds or the trash, they have no line. */
  names: { root: string; shared: string; feeds?: string | null; trash?: string | null }
}

function sharedKey(accountId: AccountId): string {
  return `${accountId}:shared`
}

export function feedsKey(accountId: AccountId): string {
  return `${accountId}:feeds`
}

export function trashKey(accountId: AccountId): string {
  return `${accountId}:trash`
}

/**
 * All visible lines of one account's tree, from top to bottom. A folder is shown once, even if a service reports that it contains
 * itself.
 */
export function linesOf({ accountId, tree, expanded, friends, names }: TreeOptions): TreeLine[] {
  const lines: TreeLine[] = []
  const leaves = [
    { key: feedsKey(accountId), name: names.feeds ?? null },
    { key: trashKey(accountId), name: names.trash ?? null },
  ].flatMap(({ key, name }) => (name === null ? [] : [{ key, name }]))
  const roots = 1 + (friends.length === 0 ? 0 : 1) + leaves.length

  const seen = new Set<string>()

  function addFolder(crumb: Crumb, level: number, place: number, siblings: number) {
    const key = folderKey(accountId, crumb.id)
    if (seen.has(key)) return
    seen.add(key)
    const children = tree.get(key)?.folders ?? null
    const isExpandable = children === null || children.length > 0
    const isExpanded = isExpandable && expanded.has(key)
    lines.push({
      key,
      folderId: crumb.id,
      name: crumb.name,
      level,
      isRoot: level === 1,
      isExpandable,
      isExpanded,
      place,
      siblings,
    })
    if (!isExpanded || children === null) return
    children.forEach((child, index) => {
      addFolder(child, level + 1, index + 1, children.length)
    })
  }

  addFolder({ id: 0, name: names.root }, 1, 1, roots)
  if (friends.length > 0) {
    const key = sharedKey(accountId)
    const isExpanded = expanded.has(key)
    lines.push({
      key,
      folderId: null,
      name: names.shared,
      level: 1,
      isRoot: true,
      isExpandable: true,
      isExpanded,
      place: 2,
      siblings: roots,
    })
    if (isExpanded) {
      friends.forEach((friend, index) => {
        addFolder({ id: friend.folderId, name: friend.name }, 2, index + 1, friends.length)
      })
    }
  }
  for (const [index, { key, name }] of leaves.entries()) {
    const leaf = { folderId: null, level: 1, isRoot: true, isExpandable: false, isExpanded: false }
    lines.push({ ...leaf, key, name, place: roots - leaves.length + index + 1, siblings: roots })
  }
  return lines
}
