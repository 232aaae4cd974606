import type { HandlersOf, Refusal } from '../../shared/contract.ts'
import { AppError } from '../../shared/errors.ts'
import { type Crumb, type ItemId, rootFolderId, toColumns } from '../../shared/item.ts'
import type { Accounts } from './accounts.ts'

const maxDepth = 1000

/** Browsing and arranging the space. */
export function itemHandlers(accounts: Accounts): HandlersOf<'items'> & HandlersOf<'friends'> {
  return {
    'items.list': async ({ accountId, folderId }) => {
      const session = accounts.session(accountId)
      const items = await session.client().listItems(folderId)
      session.noteParents(items)
      return toColumns(items)
    },
    'items.folders': ({ accountId, folderId }) => accounts.session(accountId).client().listFolders(folderId),
    'items.path': async ({ accountId, folderId }) => {
      const client = accounts.session(accountId).client()
      const path: Crumb[] = []
      const seen = new Set<ItemId>()
      // A service may say that a folder lies in itself.
      for (let id: ItemId = folderId; id !== rootFolderId && !seen.has(id) && path.length < maxDepth; ) {
        seen.add(id)
        const item = await client.item(id)
        path.unshift({ id: item.id, name: item.name })
        id = item.parentId
      }
      return [{ id: rootFolderId, name: 'Your Files' }, ...path]
    },
    'items.search': async ({ accountId, query }) => {
      const session = accounts.session(accountId)
      const items = await session.client().searchItems(query)
      session.noteParents(items)
      return toColumns(items)
    },
    'items.createFolder': async ({ accountId, parentId, name }) => {
      const session = accounts.session(accountId)
      const item = await session.client().createFolder(parentId, name)
      session.noteParents([item])
      session.tellChanged([parentId])
      return item
    },
    'items.rename': async ({ accountId, itemId, name }) => {
      const session = accounts.session(accountId)
      const item = await session.client().renameItem(itemId, name)
      session.tellChanged([item.parentId, item.id])
      return item
    },
    'items.move': async ({ accountId, itemIds, folderId }) => {
      const session = accounts.session(accountId)
      const client = session.client()
      const refusals = await forEach(itemIds, (itemId) => client.moveItem(itemId, folderId))
      session.tellChanged([folderId], itemIds)
      session.noteParents(itemIds.map((id) => ({ id, parentId: folderId })))
      return refusals
    },
    'items.delete': async ({ accountId, itemIds }) => {
      const session = accounts.session(accountId)
      const client = session.client()
      const refusals = await forEach(itemIds, (itemId) => client.deleteItem(itemId))
      session.tellChanged([], itemIds)
      return refusals
    },
    'friends.list': ({ accountId }) => accounts.session(accountId).client().friends(),
  }
}

/** Does one thing after the other; what the service refuses is collected, what concerns all of them ends it. */
async function forEach(itemIds: readonly ItemId[], act: (itemId: ItemId) => Promise<unknown>): Promise<Refusal[]> {
  const refusals: Refusal[] = []
  for (const itemId of itemIds) {
    try {
      await act(itemId)
    } catch (error) {
      if (!(error instanceof AppError) || (error.code !== 'refused' && error.code !== 'not-found')) throw error
      refusals.push({ itemId, sentence: error.message })
    }
  }
  return refusals
}
