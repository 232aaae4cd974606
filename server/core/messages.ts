import type { Database } from './database.ts'
import { number, numberOrNull, type Row, text, textOrNull } from './row.ts'

/** A message on the dashboard. Source: API v1 §6. */
export interface Message {
  id: number
  itemId: number | null
  /** HTML. */
  title: string
  fileName: string | null
  kind: number | null
  /** The transfer that it tells of; null for any other message, and for those of earlier versions. */
  transferId: number | null
}

export interface Messages {
  list: () => Message[]
  remove: (id: number) => void
  /** Says that a file has come by a transfer. To be called inside the transaction that adds it. */
  addFile: (file: { id: number; name: string; kind: number; sizeBytes: number }, transferId: number) => void
  /** Says anything else, in plain text: of an item, of a transfer. */
  addNotice: (sentence: string, about?: { itemId: number | null; transferId: number | null }) => void
}

const nothing = { itemId: null, transferId: null }

export function createMessages(db: Database, userId: number): Messages {
  const insert = db.sql.prepare(
    'INSERT INTO messages (user_id, item_id, title, file_name, kind, created_at, transfer_id) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  const nowSeconds = () => Math.floor(Date.now() / 1000)
  return {
    list: () => db.sql.prepare('SELECT * FROM messages WHERE user_id = ? ORDER BY id DESC').all(userId).map(toMessage),
    remove: (id) => {
      db.transact(() => db.sql.prepare('DELETE FROM messages WHERE user_id = ? AND id = ?').run(userId, id))
    },
    addFile: ({ id, name, kind, sizeBytes }, transferId) => {
      const title = `<a rel="userfile" href="/file/${id}">${escapeHtml(name)}</a> <span class="dash-gray">(${humanSize(sizeBytes, 2)}) downloaded</span>`
      insert.run(userId, id, title, name, kind, nowSeconds(), transferId)
    },
    addNotice: (sentence, { itemId, transferId } = nothing) => {
      db.transact(() => insert.run(userId, itemId, escapeHtml(sentence), null, null, nowSeconds(), transferId))
    },
  }
}

/** A size as Put.io writes it: `45.5M`. Source: API v1 §8.2. */
export function humanSize(bytes: number, decimals = 1): string {
  const units = ['B', 'K', 'M', 'G', 'T']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(decimals)}${units[unit]}`
}

function escapeHtml(plain: string): string {
  return plain
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

function toMessage(row: Row): Message {
  return {
    id: number(row, 'id'),
    itemId: numberOrNull(row, 'item_id'),
    title: text(row, 'title'),
    fileName: textOrNull(row, 'file_name'),
    kind: numberOrNull(row, 'kind'),
    transferId: numberOrNull(row, 'transfer_id'),
  }
}
