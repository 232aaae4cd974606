import type { Database } from '../data/database.ts'
import { number, numberOrNull, type Row, text } from '../data/row.ts'
import { type ItemKind, toItemKind } from '../space/kinds.ts'

/** What a user is told on the dashboard. */
export type Message = FileMessage | Notice

interface AnyMessage {
  id: number
  /** The transfer that it tells of; null for any other message, and for those of earlier versions. */
  transferId: number | null
}

/** An item has come by a transfer. It says what that was like then: since, the item may have another name or be gone. */
interface FileMessage extends AnyMessage {
  type: 'file-arrived'
  itemId: number
  name: string
  kind: ItemKind
  sizeBytes: number
}

interface Notice extends AnyMessage {
  type: 'notice'
  itemId: number | null
  /** Plain text. */
  sentence: string
}

export interface Messages {
  /** The newest first. */
  list(): Message[]
  remove(id: number): void
  /** Says that an item has come by a transfer. To be called inside the transaction that adds it. */
  addFile(item: { id: number; name: string; kind: ItemKind; sizeBytes: number }, transferId: number): void
  /** Says anything else, in plain text: of an item, of a transfer. */
  addNotice(sentence: string, about?: { itemId: number | null; transferId: number | null }): void
}

const nothing = { itemId: null, transferId: null }

export function createMessages(db: Database, userId: number): Messages {
  const { sql } = db
  const insertFile = sql.prepare(
    `INSERT INTO messages (user_id, type, item_id, item_name, item_kind, item_size, transfer_id, created_at)
     VALUES (?, 'file-arrived', ?, ?, ?, ?, ?, ?)`,
  )
  const insertNotice = sql.prepare(
    "INSERT INTO messages (user_id, type, item_id, sentence, transfer_id, created_at) VALUES (?, 'notice', ?, ?, ?, ?)",
  )
  const nowSeconds = () => Math.floor(Date.now() / 1000)
  return {
    list: () => sql.prepare('SELECT * FROM messages WHERE user_id = ? ORDER BY id DESC').all(userId).map(toMessage),
    remove: (id) => {
      db.transact(() => sql.prepare('DELETE FROM messages WHERE user_id = ? AND id = ?').run(userId, id))
    },
    addFile: ({ id, name, kind, sizeBytes }, transferId) => {
      insertFile.run(userId, id, name, kind, sizeBytes, transferId, nowSeconds())
    },
    addNotice: (sentence, { itemId, transferId } = nothing) => {
      db.transact(() => insertNotice.run(userId, itemId, sentence, transferId, nowSeconds()))
    },
  }
}

function toMessage(row: Row): Message {
  const [id, itemId, transferId] = [number(row, 'id'), numberOrNull(row, 'item_id'), numberOrNull(row, 'transfer_id')]
  if (row.type !== 'file-arrived' || itemId === null)
    return { id, transferId, type: 'notice', itemId, sentence: `${row.sentence ?? ''}` }
  return {
    id,
    transferId,
    type: 'file-arrived',
    itemId,
    name: text(row, 'item_name'),
    kind: toItemKind(row.item_kind) ?? 'file',
    sizeBytes: number(row, 'item_size'),
  }
}
