import { randomBytes } from 'node:crypto'
import type { Database } from '../data/database.ts'
import { number, type Row, text } from '../data/row.ts'
import { Refusal } from '../errors/refusal.ts'
import { dropDangling } from './shares.ts'

/** A public link: whoever has its token can read an item and all that is below it, and nothing else, for a time. */
export interface PublicShare {
  id: number
  userId: number
  itemId: number
  /** 40 hexadecimal digits. Stored as it is, because its owner can copy the link again. */
  token: string
  createdAtSeconds: number
  expiresAtSeconds: number
}

/** The public links of all users. As a share, each belongs to its item. Source: API v2 §13. */
export interface PublicShares {
  /** The link to an item: the one that there is, or else a new one. Throws a `Refusal` when there are too many. */
  make(userId: number, itemId: number): PublicShare
  /** Newest first. Their items may be in the trash. */
  list(userId: number): PublicShare[]
  /** Null if there is no such link any more. Its item may be in the trash. */
  find(token: string): PublicShare | null
  /** Returns false if the user has no such link. */
  revoke(userId: number, id: number): boolean
}

/** For each user. */
const maxPublicShares = 100
const lifetimeSeconds = 30 * 24 * 60 * 60

/** `nowSeconds` is the time since 1970. */
export function createPublicShares(db: Database, nowSeconds = () => Math.floor(Date.now() / 1000)): PublicShares {
  const { sql } = db
  dropDangling(db, 'public_shares')
  const columns = 'id, user_id, item_id, token, created_at, expires_at'
  const some = `SELECT ${columns} FROM public_shares WHERE expires_at > ?`
  const all = sql.prepare(`${some} AND user_id = ? ORDER BY id DESC`)
  const ofItem = sql.prepare(`${some} AND item_id = ? AND user_id = ?`)
  const byToken = sql.prepare(`${some} AND token = ?`)
  const insert = sql.prepare(
    `INSERT INTO public_shares (user_id, item_id, token, created_at, expires_at) VALUES (?, ?, ?, ?, ?) RETURNING ${columns}`,
  )
  const expire = sql.prepare('DELETE FROM public_shares WHERE user_id = ? AND expires_at <= ?')
  const remove = sql.prepare('DELETE FROM public_shares WHERE user_id = ? AND id = ?')
  return {
    make: (userId, itemId) => {
      const now = nowSeconds()
      const known = ofItem.get(now, itemId, userId)
      if (known !== undefined) return toPublicShare(known)
      return db.transact(() => {
        expire.run(userId, now)
        if (all.all(now, userId).length >= maxPublicShares)
          throw new Refusal(`At most ${maxPublicShares} public links are possible. Remove one first.`, {
            code: 'too-many-links',
          })
        const token = randomBytes(20).toString('hex')
        return toPublicShare(insert.get(userId, itemId, token, now, now + lifetimeSeconds) ?? {})
      })
    },
    list: (userId) => all.all(nowSeconds(), userId).map(toPublicShare),
    find: (token) => {
      if (!/^[0-9a-f]{40}$/.test(token)) return null
      const row = byToken.get(nowSeconds(), token)
      return row === undefined ? null : toPublicShare(row)
    },
    revoke: (userId, id) => Number(db.transact(() => remove.run(userId, id)).changes) > 0,
  }
}

function toPublicShare(row: Row): PublicShare {
  return {
    id: number(row, 'id'),
    userId: number(row, 'user_id'),
    itemId: number(row, 'item_id'),
    token: text(row, 'token'),
    createdAtSeconds: number(row, 'created_at'),
    expiresAtSeconds: number(row, 'expires_at'),
  }
}
