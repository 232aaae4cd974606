import type { Item, Space } from './space.ts'

/** A user whose shared folder can be read. Source: API v1 §9.2. */
interface Friend {
  id: number
  name: string
  folderId: number
}

/** One local user, as the others know them. */
export interface LocalUser {
  userId: number
  userName: string
  space: Space
  /** The name of the folder that they share, in their root; null: they share nothing. */
  share: string | null
}

/** An item that a user may read, and whose it is. */
export interface ReadableItem {
  item: Item
  ownerId: number
  space: Space
}

export interface Friends {
  list(): Friend[]
  /** An item of one's own, or of what a friend shares. Throws a `Refusal` for any other. */
  read(itemId: number): ReadableItem
  /** The spaces that a search looks into, with what may be seen of each; null: everything. */
  searchable(who: string): { space: Space; ownerId: number; sharedId: number | null }[]
  /** What the user shares with others. */
  shared(): { items: number; sizeBytes: number }
}

/** What the users of one service can read of each other. */
export function createFriends(me: LocalUser, all: readonly LocalUser[]): Friends {
  let counted: { version: number; folderId: number; items: number } | null = null
  /** Counted again only after a change: clients ask for it all the time. */
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
  return {
    list: () => sharing().map(({ userId: id, userName: name, folderId }) => ({ id, name, folderId })),
    read: (itemId) => {
      const own = me.space.find(itemId)
      if (own !== null) return { item: own, ownerId: me.userId, space: me.space }
      const friend = sharing().find(
        ({ space, folderId }) =>
          itemId === folderId || (space.has(itemId) && space.ancestors(itemId).includes(folderId)),
      )
      // Whose it is otherwise is nobody's business: for this user there is no such item.
      if (friend === undefined) return { item: me.space.get(itemId), ownerId: me.userId, space: me.space }
      return { item: friend.space.get(itemId), ownerId: friend.userId, space: friend.space }
    },
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
