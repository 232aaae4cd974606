import type { Item, Space } from './space.ts'

/** A user whose shared folder this user can read. Source: API v1 §9.2. */
interface Friend {
  id: number
  name: string
  folderId: number
}

/** A user of this service, as the other users see them. */
export interface LocalUser {
  userId: number
  userName: string
  space: Space
  /** The folder in their root that they share; null for none. */
  share: string | null
}

/** An item that a user may read, and its owner. */
export interface ReadableItem {
  item: Item
  ownerId: number
  space: Space
}

export interface Friends {
  list(): Friend[]
  /** An item of this user's own, or one that a friend shares. Throws a `Refusal` for any other. */
  read(itemId: number): ReadableItem
  /** The same, or null. */
  find(itemId: number): ReadableItem | null
  /** The spaces that a search covers, with the folder that may be searched in each; null for all of it. */
  searchable(who: string): { space: Space; ownerId: number; sharedId: number | null }[]
  /** How much this user shares. */
  shared(): { items: number; sizeBytes: number }
}

/** What the users of a service can read of each other. */
export function createFriends(me: LocalUser, all: readonly LocalUser[]): Friends {
  let counted: { version: number; folderId: number; items: number } | null = null
  /** Recounted only after a change, because clients poll this. */
  const countOf = (folderId: number) => {
    const version = me.space.version()
    if (counted?.version !== version || counted.folderId !== folderId) {
      counted = { version, folderId, items: me.space.count(folderId) }
    }
    return counted.items
  }
  const folderOf = ({ space, share }: LocalUser) => (share === null ? null : space.findFolder(0, share))
  const sharing = () =>
    all.flatMap((other) => {
      const folder = other.userId === me.userId ? null : folderOf(other)
      return folder === null ? [] : [{ ...other, folderId: folder.id }]
    })
  const find = (itemId: number): ReadableItem | null => {
    const own = me.space.find(itemId)
    if (own !== null) return { item: own, ownerId: me.userId, space: me.space }
    const friend = sharing().find(
      ({ space, folderId }) => itemId === folderId || (space.has(itemId) && space.ancestors(itemId).includes(folderId)),
    )
    if (friend === undefined) return null
    return { item: friend.space.get(itemId), ownerId: friend.userId, space: friend.space }
  }
  return {
    find,
    list: () => sharing().map(({ userId: id, userName: name, folderId }) => ({ id, name, folderId })),
    // Other users' items do not exist for this user.
    read: (itemId) => find(itemId) ?? { item: me.space.get(itemId), ownerId: me.userId, space: me.space },
    searchable: (who) => {
      const mine = { space: me.space, ownerId: me.userId, sharedId: null }
      const others = sharing().map(({ space, userId, userName, folderId }) => ({
        space,
        ownerId: userId,
        userName,
        sharedId: folderId,
      }))
      if (who === 'me' || who === me.userName.toLowerCase()) return [mine]
      if (who === 'shares') return others
      if (who === 'all') return [mine, ...others]
      return others.filter(({ userName }) => userName.toLowerCase() === who)
    },
    shared: () => {
      const folder = folderOf(me)
      return folder === null ? { items: 0, sizeBytes: 0 } : { items: countOf(folder.id), sizeBytes: folder.sizeBytes }
    },
  }
}
