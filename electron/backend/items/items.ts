import type { HandlersOf, RefusedItem } from '../../../shared/contract.ts'
import { AppError } from '../../../shared/errors.ts'
import { type Item, type ItemId, toColumns } from '../../../shared/item.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Session } from '../accounts/session.ts'
import type { Secrets } from '../secrets/secrets.ts'
import { deleteHandlers } from './delete-handlers.ts'
import { extractArchive } from './extract.ts'
import { forEachItem } from './for-each-item.ts'
import type { HeldDeletes } from './held-deletes.ts'
import { isInside } from './inside.ts'

/** How long the reply with a folder's items waits for its path. */
const pathTimeoutMs = 1000

/** Handlers for browsing, organizing and deleting items. */
export function itemHandlers(
  accounts: Accounts,
  held: HeldDeletes,
  secrets: Secrets,
): HandlersOf<'items'> & HandlersOf<'trash'> & HandlersOf<'friends'> {
  return {
    ...deleteHandlers(accounts, held),
    'items.open': async ({ accountId, folderId, isReload }, { signal, tell }) => {
      const session = accounts.session(accountId)
      if (isReload) session.folders.clear()
      const { version } = session.folders
      const onMore = (items: readonly Item[], total: number | null) => {
        const hidden = held.hidden(accountId)
        tell({ items: toColumns(items.filter(({ id }) => !hidden.has(id))), total })
      }
      const listing = session.client().during(signal).listItems(folderId, onMore)
      const path = session.folders.path(folderId).catch(() => null)
      try {
        const items = await listing
        session.noteOpened(folderId)
        session.noteParents(items)
        session.folders.learnListing(folderId, items, version)
        const hidden = held.hidden(accountId)
        if (await isInside(session, hidden, folderId)) throw new AppError('not-found', 'This folder was deleted.')
        const shown = hidden.size === 0 ? items : items.filter(({ id }) => !hidden.has(id))
        return { items: toColumns(shown), path: await within(pathTimeoutMs, path) }
      } catch (error) {
        if (error instanceof AppError && error.code === 'not-found') session.folders.remove([folderId])
        throw error
      }
    },
    'items.folders': async ({ accountId, folderId }) => {
      const folders = await accounts.session(accountId).folders.branch(folderId)
      const hidden = held.hidden(accountId)
      return folders.filter(({ id }) => !hidden.has(id))
    },
    'items.path': ({ accountId, folderId }) => accounts.session(accountId).folders.path(folderId),
    'items.search': async ({ accountId, query }, { signal, tell }) => {
      const session = accounts.session(accountId)
      const onMore = (found: readonly Item[], total: number | null) => {
        // What is in a hidden folder is known only at the end.
        if (held.hidden(accountId).size === 0) tell({ items: toColumns(found), total })
      }
      const items = await session.client().during(signal).searchItems(query, onMore)
      session.noteParents(items)
      return toColumns(await notInside(session, held.hidden(accountId), items))
    },
    'items.createFolder': async ({ accountId, parentId, name }) => {
      const session = accounts.session(accountId)
      const item = await session.client().createFolder(parentId, name)
      session.noteParents([item])
      session.folders.learn(item)
      session.notifyChanged([parentId])
      return item
    },
    'items.rename': async ({ accountId, itemId, name }) => {
      const session = accounts.session(accountId)
      const item = await session.client().renameItem(itemId, name)
      session.folders.learn(item)
      session.notifyChanged([item.parentId, item.id])
      return item
    },
    'items.move': async ({ accountId, itemIds, folderId }, request) => {
      const session = accounts.session(accountId)
      const client = session.client()
      const moved: ItemId[] = []
      try {
        return await forEachItem(itemIds, request, async (itemId) => {
          await client.moveItem(itemId, folderId)
          moved.push(itemId)
        })
      } finally {
        session.folders.move(moved, folderId)
        session.notifyChanged([folderId], itemIds)
        session.noteParents(moved.map((id) => ({ id, parentId: folderId })))
      }
    },
    'items.copy': async ({ accountId, itemIds, folderId }, request) => {
      const session = accounts.session(accountId)
      const client = session.client()
      if (!(await session.capabilities()).canCopy)
        throw new AppError('refused', `“${session.account.name}” cannot copy items.`)
      const copies: Item[] = []
      const refused: RefusedItem[] = []
      try {
        const refusals = await forEachItem(itemIds, request, async (itemId) => {
          copies.push(await client.copyItem(itemId, folderId))
        })
        refused.push(...refusals)
      } catch (error) {
        // What is there already has to be told.
        if (copies.length === 0 || !(error instanceof AppError)) throw error
        return { copyIds: copies.map(({ id }) => id), refused, problem: error.message }
      } finally {
        for (const { kind } of copies) if (kind === 'folder') session.folders.clear()
        session.notifyChanged([folderId])
        session.noteParents(copies)
      }
      return { copyIds: copies.map(({ id }) => id), refused, problem: null }
    },
    'items.extract': async ({ accountId, itemId, password }, request) => {
      const session = accounts.session(accountId)
      const client = session.client()
      if (!(await session.capabilities()).canExtract)
        throw new AppError('refused', `“${session.account.name}” cannot unpack archives.`)
      if (password !== null) secrets.add(password)
      const extracted = await extractArchive(client, { itemId, password }, request)
      if (extracted.outcome === 'unpacked') {
        session.folders.clear()
        session.notifyChanged([], [itemId])
      }
      return extracted
    },
    'friends.list': ({ accountId }) => accounts.session(accountId).client().friends(),
  }
}

/** The items that are neither hidden nor below a hidden one. */
async function notInside(session: Session, hidden: ReadonlySet<ItemId>, items: Item[]): Promise<Item[]> {
  if (hidden.size === 0) return items
  const folderIds = new Set(items.map(({ parentId }) => parentId))
  const inside = new Set<ItemId>()
  for (const folderId of folderIds) if (await isInside(session, hidden, folderId)) inside.add(folderId)
  return items.filter(({ id, parentId }) => !hidden.has(id) && !inside.has(parentId))
}

/** The result of a promise, or null if it takes too long. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
