import type { Database } from '../data/database.ts'
import { number, numberOrNull, type Row, text, textOrNull } from '../data/row.ts'
import { type ItemKind, toItemKind } from '../space/kinds.ts'

/** A message on the user's dashboard. */
export type Message = FileMessage | Notice

interface AnyMessage {
  id: number
  /** The transfer that the message is about; null for other messages, and for those of earlier versions. */
  transferId: number | null
}

/** An item arrived by a transfer, described as it was then: since, it may have been renamed or deleted. */
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
  /** Newest first. */
  list(): Message[]
  /** The newest notice about each transfer. */
  noticesOnTransfers(): Map<number, string>
  remove(id: number): void
  /** Adds a message that an item has arrived. Call it inside the transaction that adds the item. */
  addFile(item: { id: number; name: string; kind: ItemKind; sizeBytes: number }, transferId: number): void
  /** Adds any other message, in plain text, about an item or a transfer. */
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
  const notices = sql.prepare(
    "SELECT transfer_id, sentence FROM messages WHERE user_id = ? AND type = 'notice' AND transfer_id IS NOT NULL ORDER BY id",
  )
  const nowSeconds = () => Math.floor(Date.now() / 1000)
  return {
    list: () => sql.prepare('SELECT * FROM messages WHERE user_id = ? ORDER BY id DESC').all(userId).map(toMessage),
    noticesOnTransfers: () =>
      new Map(
        notices.all(userId).flatMap((row): [number, string][] => {
          const [transferId, sentence] = [numberOrNull(row, 'transfer_id'), textOrNull(row, 'sentence')]
          return transferId === null || sentence === null ? [] : [[transferId, sentence]]
        }),
      ),
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
