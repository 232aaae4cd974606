import { hash, randomBytes } from 'node:crypto'
import type { Database } from '../data/database.ts'
import { number, numberOrNull, type Row, text } from '../data/row.ts'

/** A sign-in of an app that lasts until it is revoked. Only a digest of the token itself is stored. */
interface Token {
  id: number
  userId: number
  /** The id that the app gave itself. */
  app: string
  /** What the app calls itself, for the person. */
  name: string
  createdAtSeconds: number
  /** To the hour; null if it was never used. */
  usedAtSeconds: number | null
}

/** The tokens of all users of the service. Source: API v2 §2. */
export interface Tokens {
  /** Creates a token and returns it: 40 hexadecimal digits. */
  issue(userId: number, app: { app: string; name: string }): string
  find(token: string): Token | null
  /** What links for an app contain instead of its token: it only grants to read files, as long as the token is valid. Null for no such token. */
  readTokenOf(id: number): string | null
  /** The token that a read token belongs to. */
  findReader(readToken: string): Token | null
  /** True until it is revoked. */
  has(id: number): boolean
  /** Newest first. */
  list(userId: number): Token[]
  /** Returns false if the user has no such token. */
  revoke(userId: number, id: number): boolean
}

const hourSeconds = 60 * 60

export function createTokens(db: Database): Tokens {
  const { sql } = db
  const columns = 'id, user_id, app, name, created_at, used_at'
  const byDigest = sql.prepare(`SELECT ${columns} FROM tokens WHERE digest = ?`)
  const byId = sql.prepare('SELECT 1 FROM tokens WHERE id = ?')
  const digestById = sql.prepare('SELECT digest FROM tokens WHERE id = ?')
  const allRows = sql.prepare(`SELECT ${columns}, digest FROM tokens`)
  const insert = sql.prepare(
    "INSERT INTO tokens (user_id, digest, scope, app, name, created_at) VALUES (?, ?, 'default', ?, ?, ?)",
  )
  const use = sql.prepare('UPDATE tokens SET used_at = ? WHERE id = ?')
  const nowSeconds = () => Math.floor(Date.now() / 1000)
  /** Found before, so that most requests need no query. */
  const known = new Map<string, Token>()
  const readTokens = new Map<number, string>()
  /** By the digest of its read token. Null after a change. */
  let readers: Map<string, Token> | null = null
  const noteUse = (token: Token): Token => {
    const now = nowSeconds()
    if (token.usedAtSeconds !== null && now - token.usedAtSeconds < hourSeconds) return token
    db.transactSoon(() => {
      use.run(now, token.id)
    })
    return { ...token, usedAtSeconds: now }
  }
  return {
    issue: (userId, { app, name }) => {
      const token = randomBytes(20).toString('hex')
      db.transact(() => insert.run(userId, digestOf(token), app, name, nowSeconds()))
      readers = null
      return token
    },
    find: (token) => {
      if (!/^[0-9a-f]{40}$/.test(token)) return null
      const digest = digestOf(token)
      const row = known.has(digest) ? undefined : byDigest.get(digest)
      const found = known.get(digest) ?? (row === undefined ? null : toToken(row))
      if (found === null) return null
      const used = noteUse(found)
      known.set(digest, used)
      return used
    },
    readTokenOf: (id) => {
      const row = readTokens.has(id) ? undefined : digestById.get(id)
      if (row !== undefined) readTokens.set(id, toReadToken(row))
      return readTokens.get(id) ?? null
    },
    findReader: (readToken) => {
      readers ??= new Map(allRows.all().map((row) => [digestOf(toReadToken(row)), toToken(row)]))
      return readers.get(digestOf(readToken)) ?? null
    },
    has: (id) => byId.get(id) !== undefined,
    list: (userId) =>
      sql.prepare(`SELECT ${columns} FROM tokens WHERE user_id = ? ORDER BY id DESC`).all(userId).map(toToken),
    revoke: (userId, id) => {
      const { changes } = db.transact(() =>
        sql.prepare('DELETE FROM tokens WHERE user_id = ? AND id = ?').run(userId, id),
      )
      for (const [digest, token] of known) if (token.id === id) known.delete(digest)
      readTokens.delete(id)
      readers = null
      return Number(changes) > 0
    },
  }
}

/** A token has too many random bits to be guessed from a plain digest. */
function digestOf(token: string): string {
  return hash('sha256', `token ${token}`)
}

/** 40 hexadecimal digits, which say nothing about the token. */
function toReadToken(row: Row): string {
  return hash('sha256', `read ${text(row, 'digest')}`).slice(0, 40)
}

function toToken(row: Row): Token {
  return {
    id: number(row, 'id'),
    userId: number(row, 'user_id'),
    app: text(row, 'app'),
    name: text(row, 'name'),
    createdAtSeconds: number(row, 'created_at'),
    usedAtSeconds: numberOrNull(row, 'used_at'),
  }
}
