import type { HandlersOf } from '../../../shared/contract.ts'
import { AppError } from '../../../shared/errors.ts'
import { type ItemId, rootFolderId, toColumns } from '../../../shared/item.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Session } from '../accounts/session.ts'
import { forEachItem } from './for-each-item.ts'
import type { HeldDeletes } from './held-deletes.ts'
import { outermost, wasInside } from './inside.ts'

type Names = 'items.delete' | 'items.restore' | 'items.deleteForGood'

/** Handlers for deleting and restoring items, with a trash or without. */
export function deleteHandlers(
  accounts: Accounts,
  held: HeldDeletes,
): Pick<HandlersOf<'items'>, Names> & HandlersOf<'trash'> {
  async function withTrash(accountId: string): Promise<Session> {
    const session = accounts.session(accountId)
    if (!(await session.capabilities()).hasTrash)
      throw new AppError(
        'refused',
        `“${session.account.name}” has no trash: what is deleted there is deleted for good.`,
      )
    return session
  }
  return {
    'items.delete': async ({ accountId, itemIds }, request) => {
      const session = accounts.session(accountId)
      const client = session.client()
      if (!(await session.capabilities()).hasTrash) {
        held.hold(session, itemIds)
        session.notifyChanged([], itemIds)
        return []
      }
      const deleted: ItemId[] = []
      try {
        return await forEachItem(itemIds, request, async (itemId) => {
          try {
            await client.trashItem(itemId)
          } catch (error) {
            const isMissing = error instanceof AppError && error.code === 'not-found'
            // It may be in the trash already, with a folder that was deleted before it.
            if (!isMissing || !(await wasInside(session, deleted, itemId))) throw error
          }
          deleted.push(itemId)
        })
      } finally {
        session.folders.remove(deleted)
        session.notifyChanged([], itemIds)
      }
    },
    'items.restore': async ({ accountId, itemIds }, request) => {
      const session = accounts.session(accountId)
      const client = session.client()
      const folderIds = new Set<ItemId>()
      // The trash may have been switched on or off since.
      const released = new Set(held.release(accountId, itemIds))
      if (released.size > 0) session.notifyChanged([], [...released])
      const others = itemIds.filter((id) => !released.has(id))
      const { hasTrash, hasAccountSettings } = await session.capabilities()
      const tooLate = `It is too late: “${session.account.name}” has no trash, and it was deleted for good.`
      if (!hasTrash && !hasAccountSettings)
        return { folderIds: [], refused: others.map((itemId) => ({ itemId, sentence: tooLate })) }
      if (others.length === 0) return { folderIds: [], refused: [] }
      const restore = (ids: readonly ItemId[]) =>
        forEachItem(ids, request, async (itemId) => {
          const item = await client.restoreItem(itemId).catch((error: unknown) => {
            const isMissing = error instanceof AppError && error.code === 'not-found'
            throw isMissing && !hasTrash ? new AppError('refused', tooLate) : error
          })
          folderIds.add(item.parentId)
          session.noteParents([item])
          // What is below it is known at the service only.
          if (item.kind === 'folder') session.folders.clear()
        })
      try {
        // An item may have been deleted before the folder that it was in, or with it.
        const early = await restore([...others].reverse())
        const refused = folderIds.size === 0 ? early : await restore(early.map(({ itemId }) => itemId))
        return { folderIds: [...folderIds], refused }
      } finally {
        session.notifyChanged([...folderIds])
      }
    },
    'items.deleteForGood': async ({ accountId, itemIds }, request) => {
      const session = accounts.session(accountId)
      const client = session.client()
      const deleted: ItemId[] = []
      try {
        return await forEachItem(await outermost(session, itemIds), request, async (itemId) => {
          await client.deleteItem(itemId)
          deleted.push(itemId)
        })
      } finally {
        session.folders.remove(deleted)
        session.notifyChanged([], itemIds)
      }
    },
    'trash.list': async ({ accountId }, { signal }) => {
      const session = await withTrash(accountId)
      const trashed = await session.client().during(signal).listTrash()
      const items = trashed.map(({ deletedAtMs, folders: _, ...item }) => ({
        ...item,
        parentId: rootFolderId,
        addedAtMs: deletedAtMs,
      }))
      const folders = trashed.map((item) => item.folders.join('/').replaceAll('\0', '')).join('\0')
      return { items: toColumns(items), folders }
    },
    'trash.delete': async ({ accountId, itemIds }) => {
      const session = await withTrash(accountId)
      await session.client().deleteTrashed(itemIds)
      session.notifyChanged([])
      return null
    },
  }
}
