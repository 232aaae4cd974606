import { Refusal } from '../errors/refusal.ts'
import type { Share, Shares } from './shares.ts'
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

/** Another user of the service. All of them are friends. */
interface OtherUser {
  id: number
  name: string
}

/** Another user, and what they share with this one. */
export interface Sharer {
  id: number
  name: string
  /** The folder that the service's configuration shares; null for none. */
  folderId: number | null
  /** The ids of all shared items that are not inside others, in ascending order. */
  rootIds: ReadonlySet<number>
}

/** An item of this user, and who can read it because of a share of it. */
export interface SharedItem {
  item: Item
  /** Null for the folder that the service's configuration shares with everyone. */
  shares: Share[] | null
}

export interface Friends {
  list(): Friend[]
  others(): OtherUser[]
  /** Whether this user shares something with another one, and the other way round. */
  exchange(otherId: number): { hasReceived: boolean; hasShared: boolean }
  /** What another user shares with this one; null if there is no such user. */
  sharer(ownerId: number): Sharer | null
  /** Shares one's own items with these users, or with everyone (null). Throws a `Refusal` for an item inside one that is shared. */
  share(itemIds: readonly number[], friendIds: readonly number[] | null): void
  /** Ends shares of an item, or all of them (null). Throws a `Refusal` for the folder that the configuration shares. */
  unshare(itemId: number, shareIds: readonly number[] | null): void
  sharesOf(itemId: number): SharedItem
  /** What this user shares, the oldest first. */
  sharedItems(): SharedItem[]
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
export function createFriends(me: LocalUser, all: readonly LocalUser[], shares: Shares): Friends {
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
  const others = all.filter(({ userId }) => userId !== me.userId)
  const configuredId = (owner: LocalUser) => folderOf(owner)?.id ?? null
  /** The items that one user shares with another, including those inside others and in the trash. */
  const sharedIds = (owner: LocalUser, friendId: number) => {
    const ids = shares.itemIds(owner.userId, friendId)
    const configured = configuredId(owner)
    return { ids, configured, has: (id: number) => id === configured || ids.has(id) }
  }
  const find = (itemId: number): ReadableItem | null => {
    const own = me.space.find(itemId)
    if (own !== null) return { item: own, ownerId: me.userId, space: me.space }
    const owner = others.find(({ space }) => space.has(itemId))
    if (owner === undefined) return null
    const { space, userId: ownerId } = owner
    const shared = sharedIds(owner, me.userId)
    const isShared = [itemId, ...space.ancestors(itemId)].some((id) => shared.has(id))
    return isShared ? { item: space.get(itemId), ownerId, space } : null
  }
  const rootsOf = (owner: LocalUser, friendId: number): number[] => {
    const shared = sharedIds(owner, friendId)
    const { ids, configured } = shared
    return [...new Set(configured === null ? ids : [configured, ...ids])]
      .filter((id) => owner.space.has(id) && !owner.space.ancestors(id).some((around) => shared.has(around)))
      .sort((a, b) => a - b)
  }
  /** One's own item below the root. */
  const shareable = (itemId: number): Item => {
    const item = me.space.get(itemId)
    if (item.parentId === null) throw new Refusal(`“${item.name}” is the root folder and cannot be shared.`)
    return item
  }
  const isKnown = ({ friendId }: Share) => friendId === null || others.some(({ userId }) => userId === friendId)
  const refuseInside = ({ id, name }: Item) => {
    const around = [...(id === configuredId(me) ? [id] : []), ...me.space.ancestors(id)]
    const shared = around.find((one) => one === configuredId(me) || shares.ofItem(me.userId, one).length > 0)
    if (shared === undefined) return
    const sentence = `“${name}” is in “${me.space.get(shared).name}”, which is shared already.`
    const own = `“${name}” is shared with everyone by the service’s configuration.`
    throw new Refusal(shared === id ? own : sentence, { code: 'already-shared' })
  }
  return {
    find,
    others: () => others.map(({ userId: id, userName: name }) => ({ id, name })),
    exchange: (otherId) => {
      const other = others.find(({ userId }) => userId === otherId)
      return {
        hasReceived: rootsOf(me, otherId).length > 0,
        hasShared: other !== undefined && rootsOf(other, me.userId).length > 0,
      }
    },
    sharer: (ownerId) => {
      const owner = others.find(({ userId }) => userId === ownerId)
      if (owner === undefined) return null
      const rootIds = new Set(rootsOf(owner, me.userId))
      return { id: ownerId, name: owner.userName, folderId: configuredId(owner), rootIds }
    },
    share: (itemIds, friendIds) => {
      for (const id of itemIds) refuseInside(shareable(id))
      shares.add(me.userId, itemIds, friendIds)
    },
    unshare: (itemId, shareIds) => {
      const item = shareable(itemId)
      if (itemId === configuredId(me))
        throw new Refusal(`“${item.name}” is shared by the service’s configuration, which has to be changed for that.`)
      shares.remove(me.userId, itemId, shareIds)
    },
    sharesOf: (itemId) => {
      const item = shareable(itemId)
      const isConfigured = itemId === configuredId(me)
      return { item, shares: isConfigured ? null : shares.ofItem(me.userId, itemId).filter(isKnown) }
    },
    sharedItems: () => {
      const configured = folderOf(me)
      const byItem = Map.groupBy(shares.list(me.userId).filter(isKnown), ({ itemId }) => itemId)
      const own = [...byItem].flatMap(([itemId, ofItem]) => {
        const item = itemId === configured?.id ? null : me.space.find(itemId)
        return item === null ? [] : [{ item, shares: ofItem }]
      })
      return configured === null ? own : [{ item: configured, shares: null }, ...own]
    },
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
