import { createHmac, timingSafeEqual } from 'node:crypto'
import { isPlace, type Listing, type Place } from '../../core/space/details.ts'
import { itemKinds } from '../../core/space/kinds.ts'
import { ApiError } from './error.ts'
import type { Call } from './method.ts'

/** What a cursor continues, and where. `ownerId` is the owner of the listed items. */
export type Cursor =
  | { kind: 'list'; ownerId: number; listing: Listing; after: Place }
  /** Of what friends share: the id of the last item. */
  | { kind: 'shared'; after: number }
  | { kind: 'search'; query: string; after: number }
  | { kind: 'trash'; after: { id: number; trashedAtSeconds: number } }

const sumBytes = 12

/** A cursor as text that only this user can continue. It stays valid as long as what it lists exists. */
export function writeCursor({ core }: Pick<Call, 'core'>, cursor: Cursor): string {
  const text = JSON.stringify(cursor)
  return Buffer.concat([sumOf(core.account.token, text), Buffer.from(text)]).toString('base64url')
}

/** Reads a cursor. Throws a 400 for any other text, and for the cursor of another user or kind. */
export function readCursor<K extends Cursor['kind']>(
  { core }: Pick<Call, 'core'>,
  text: string,
  ...kinds: readonly K[]
): Extract<Cursor, { kind: K }> {
  const bytes = Buffer.from(text, 'base64url')
  const json = bytes.subarray(sumBytes).toString()
  const isOurs =
    bytes.length > sumBytes && timingSafeEqual(bytes.subarray(0, sumBytes), sumOf(core.account.token, json))
  const cursor = isOurs ? toCursor(JSON.parse(json)) : null
  if (cursor === null || !isOneOf(cursor, kinds)) throw new ApiError(400, 'BadRequest', 'The cursor is not valid.')
  return cursor
}

function isOneOf<K extends Cursor['kind']>(
  cursor: Cursor,
  kinds: readonly K[],
): cursor is Extract<Cursor, { kind: K }> {
  return kinds.some((kind) => kind === cursor.kind)
}

function sumOf(token: string, text: string): Buffer {
  return createHmac('sha256', token).update(`cursor ${text}`).digest().subarray(0, sumBytes)
}

/** It was written by this program, but perhaps by another version. */
function toCursor(value: unknown): Cursor | null {
  const { kind, after, ownerId, listing, query }: Record<string, unknown> = Object(value)
  const isId = (id: unknown): id is number => Number.isSafeInteger(id)
  if (kind === 'shared') return isId(after) ? { kind, after } : null
  if (kind === 'search') return isId(after) && typeof query === 'string' ? { kind, after, query } : null
  if (kind === 'trash') {
    const { id, trashedAtSeconds }: Record<string, unknown> = Object(after)
    return isId(id) && isId(trashedAtSeconds) ? { kind, after: { id, trashedAtSeconds } } : null
  }
  const listed = toListing(listing)
  if (kind !== 'list' || !isId(ownerId) || listed === null || !Array.isArray(after)) return null
  return isPlace(after, listed.order) ? { kind, ownerId, listing: listed, after } : null
}

const orders = ['name', 'size', 'added', 'updated', 'kind', 'opened'] as const

function toListing(value: unknown): Listing | null {
  const { folderId, kinds, extensions, order }: Record<string, unknown> = Object(value)
  const { by, isDescending }: Record<string, unknown> = Object(order)
  const known = orders.find((one) => one === by)
  if (known === undefined || (folderId !== null && typeof folderId !== 'number')) return null
  return {
    folderId,
    kinds: Array.isArray(kinds) ? itemKinds.filter((kind) => kinds.includes(kind)) : null,
    extensions: Array.isArray(extensions) ? extensions.filter((one) => typeof one === 'string') : null,
    order: { by: known, isDescending: isDescending === true },
  }
}
