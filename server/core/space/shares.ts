import type { Database } from '../data/database.ts'
import { number, numberOrNull, type Row } from '../data/row.ts'
import { Refusal } from '../errors/refusal.ts'

/** An item that its owner shares with a user of this service, or with everyone: all that is below it can be read, too. */
export interface Share {
  id: number
  itemId: number
  /** Null for everyone. */
  friendId: number | null
}

/**
 * What the users of a service share. A share belongs to its item: it moves along with it, is asleep while the item is in the trash, and
 * ends with it. Source: API v2 §13.
 */
export interface Shares {
  /** All of a user's, the oldest first. Their items may be in the trash. */
  list(userId: number): Share[]
  ofItem(userId: number, itemId: number): Share[]
  /** The items that one user shares with another. They may be in the trash. */
  itemIds(ownerId: number, friendId: number): ReadonlySet<number>
  /** Shares items, all or none, with some users besides those who have them already, or with everyone (null). One takes the place of the other. */
  add(userId: number, itemIds: readonly number[], friendIds: readonly number[] | null): void
  /** Ends shares of an item, by their ids, or all of them (null). */
  remove(userId: number, itemId: number, shareIds: readonly number[] | null): void
}

/** For each user. */
const maxShares = 1000

export function createShares(db: Database): Shares {
  const { sql } = db
  dropDangling(db, 'shares')
  const columns = 'id, item_id, friend_id'
  const all = sql.prepare(`SELECT ${columns} FROM shares WHERE user_id = ? ORDER BY id`)
  const ofItem = sql.prepare(`SELECT ${columns} FROM shares WHERE item_id = ? AND user_id = ? ORDER BY id`)
  const withFriend = sql.prepare(
    'SELECT DISTINCT item_id FROM shares WHERE user_id = ? AND (friend_id IS NULL OR friend_id = ?)',
  )
  const insert = sql.prepare('INSERT INTO shares (user_id, item_id, friend_id, created_at) VALUES (?, ?, ?, ?)')
  const remove = sql.prepare('DELETE FROM shares WHERE user_id = ? AND item_id = ? AND id = ?')
  const count = sql.prepare('SELECT count(*) AS n FROM shares WHERE user_id = ?')
  /** What was found before, because each item that is read needs it. No other item gets the id of one that has gone. */
  const known = new Map<string, ReadonlySet<number>>()
  const change = (work: () => void) => {
    try {
      db.transact(work)
    } finally {
      known.clear()
    }
  }
  const sharesOf = (userId: number, itemId: number) => ofItem.all(itemId, userId).map(toShare)
  const addOne = (userId: number, itemId: number, friendIds: readonly (number | null)[]) => {
    const before = sharesOf(userId, itemId)
    const isForAll = friendIds.includes(null)
    for (const { id, friendId } of before) if ((friendId === null) !== isForAll) remove.run(userId, itemId, id)
    for (const friendId of friendIds)
      if (!before.some((share) => share.friendId === friendId))
        insert.run(userId, itemId, friendId, Math.floor(Date.now() / 1000))
  }
  return {
    list: (userId) => all.all(userId).map(toShare),
    ofItem: sharesOf,
    itemIds: (ownerId, friendId) => {
      const key = `${ownerId}/${friendId}`
      const ids = known.get(key) ?? new Set(withFriend.all(ownerId, friendId).map((row) => number(row, 'item_id')))
      known.set(key, ids)
      return ids
    },
    add: (userId, itemIds, friendIds) =>
      change(() => {
        for (const itemId of itemIds) addOne(userId, itemId, friendIds ?? [null])
        if (number(count.get(userId) ?? {}, 'n') > maxShares)
          throw new Refusal(`At most ${maxShares} shares are possible. Stop sharing something first.`)
      }),
    remove: (userId, itemId, shareIds) =>
      change(() => {
        for (const { id } of sharesOf(userId, itemId))
          if (shareIds === null || shareIds.includes(id)) remove.run(userId, itemId, id)
      }),
  }
}

/** After a recovery, an item can be missing. Its id must not be given to another one that would then be shared. */
export function dropDangling(db: Database, table: 'shares' | 'public_shares'): void {
  const { sql } = db
  const dangling = `FROM ${table} WHERE NOT EXISTS (
    SELECT 1 FROM items WHERE items.id = ${table}.item_id AND items.user_id = ${table}.user_id)`
  if (sql.prepare(`SELECT 1 ${dangling} LIMIT 1`).get() === undefined) return
  db.transact(() => sql.exec(`DELETE ${dangling}`))
}

function toShare(row: Row): Share {
  return { id: number(row, 'id'), itemId: number(row, 'item_id'), friendId: numberOrNull(row, 'friend_id') }
}
