import type { ResumeRecord } from '../../../engine/resume.ts'
import { createEvents } from '../account/events.ts'
import type { Database } from '../data/database.ts'
import { number, numberOrNull, type Row, text, textOrNull } from '../data/row.ts'
import { isOutOfSpace } from '../errors/reason.ts'
import type { Plan } from './plan.ts'
import { stages, statuses, type Transfer, type TransferFile } from './transfer.ts'

const flushMs = 300
const retryMs = 2000
/** How many finished transfers are kept for each user, and for how long. */
const maxFinished = 1000
const maxFinishedSeconds = 90 * 24 * 60 * 60

/** A transfer whose files are in the space. */
export interface FinishedTransfer {
  id: number
  kind: Transfer['kind']
  links: string[]
  name: string
  folderId: number
  sizeBytes: number | null
  uploadedBytes: number
  /** What the person should know about it, or null. */
  note: string | null
  /** The item, or the first of the items, that it became. */
  resultId: number | null
  addedAtSeconds: number
  finishedAtSeconds: number
}

/** The rows of one user's transfers: what is saved of a transfer. */
export interface TransferRows {
  /** Transfers that are not completed, oldest first. */
  active(): Transfer[]
  /** Completed transfers, newest first. */
  finished(): FinishedTransfer[]
  /** Adds a transfer and returns it. Call it inside a transaction. */
  insert(
    draft: Pick<Transfer, 'links' | 'kind' | 'name' | 'folderId' | 'status' | 'reason' | 'content' | 'sizeBytes'>,
  ): Transfer
  /**
   * Saves all of a transfer, so that it survives a power cut. Of a completed one, only the fields of `FinishedTransfer`
   * are kept.
   */
  save(transfer: Transfer): void
  /**
   * Saves like `save`, but on a full disk later, when there is space again. Until then the object in memory is
   * authoritative.
   */
  saveWhenPossible(transfer: Transfer): void
  /** Saves progress a moment later, together with other changes. */
  saveSoon(transfer: Transfer): void
  /** Deletes a transfer's row. */
  remove(id: number): void
  /** Deletes the rows of completed transfers, or of all of them. Returns their ids. */
  removeFinished(ids: readonly number[] | null): number[]
  torrentFile(id: number): Uint8Array | null
  keepTorrentFile(id: number, bytes: Uint8Array): void
  /** Writes all pending changes. */
  flush(): void
}

export function openTransferRows(db: Database, userId: number, report: (error: unknown) => void): TransferRows {
  const { sql } = db
  const events = createEvents(db, userId)
  const write = sql.prepare(
    `UPDATE transfers SET links = ?, kind = ?, name = ?, status = ?, stage = ?, sharing = ?, reason = ?, failure = ?, size = ?,
     downloaded = ?, uploaded = ?, paid = ?, files = ?, resume = ?, password = ?, unpack = ?, plan = ?, item_ids = ?,
     result_id = ? WHERE id = ?`,
  )
  const writeProgress = sql.prepare(
    'UPDATE transfers SET downloaded = ?, uploaded = ?, files = coalesce(?, files), resume = ?, status = ? WHERE id = ?',
  )
  const insert = sql.prepare(
    `INSERT INTO transfers (user_id, links, kind, name, folder_id, status, reason, content, size, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const finish = sql.prepare(
    `UPDATE transfers SET name = ?, status = ?, stage = ?, sharing = 0, reason = ?, size = ?, downloaded = ?, uploaded = ?, finished_at = ?,
     failure = NULL, files = '[]', resume = NULL, torrent = NULL, password = NULL, plan = NULL, item_ids = NULL,
     result_id = ? WHERE id = ?`,
  )
  const prune = sql.prepare(
    `DELETE FROM transfers WHERE user_id = ?1 AND finished_at IS NOT NULL AND (finished_at < ?2 OR id IN (
       SELECT id FROM transfers WHERE user_id = ?1 AND finished_at IS NOT NULL
       ORDER BY finished_at DESC, id DESC LIMIT -1 OFFSET ${maxFinished}))`,
  )
  const remove = sql.prepare('DELETE FROM transfers WHERE id = ?')
  const keepFile = sql.prepare('UPDATE transfers SET torrent = ? WHERE id = ?')
  const statusOf = sql.prepare('SELECT status FROM transfers WHERE id = ?')
  const file = sql.prepare('SELECT torrent FROM transfers WHERE id = ?')
  const waiting = new Map<number, Transfer>()
  /** What could not be written because the disk was full. */
  const unsaved = new Map<number, Transfer>()
  let flushing: NodeJS.Timeout | null = null
  const flush = () => {
    if (flushing !== null) clearTimeout(flushing)
    flushing = null
    if (waiting.size === 0 && unsaved.size === 0) return
    const due = [...waiting.values()]
    db.transact(() => {
      for (const transfer of unsaved.values()) writeAll(transfer)
      for (const { downloadedBytes, uploadedBytes, kind, files, torrentResume, status, id } of due) {
        // The files of a torrent do not change while it is fetched, and there can be very many.
        const json = kind === 'torrent' ? null : JSON.stringify(files)
        writeProgress.run(downloadedBytes, uploadedBytes, json, torrentResume, status, id)
      }
    })
    waiting.clear()
    unsaved.clear()
  }
  const flushSoon = (ms = flushMs) => {
    flushing ??= setTimeout(() => {
      try {
        flush()
      } catch (error) {
        if (isOutOfSpace(error)) flushSoon(retryMs)
        else report(error)
      }
    }, ms)
  }
  const writeFinished = (transfer: Transfer) => {
    const { name, status, stage, reason, sizeBytes, downloadedBytes, uploadedBytes, resultId, id } = transfer
    const now = nowSeconds()
    finish.run(name, status, stage, reason, sizeBytes, downloadedBytes, uploadedBytes, now, resultId, id)
    events.add('transfer_completed', {
      source: transfer.links[0] ?? '',
      transfer_name: name,
      file_id: resultId,
      transfer_size: sizeBytes,
    })
    prune.run(userId, now - maxFinishedSeconds)
  }
  const writeAll = (transfer: Transfer) => {
    if (transfer.status === 'completed') return writeFinished(transfer)
    if (transfer.status === 'error' && statusOf.get(transfer.id)?.status !== 'error')
      events.add('transfer_error', { source: transfer.links[0] ?? '', transfer_name: transfer.name })
    write.run(
      JSON.stringify(transfer.links),
      transfer.kind,
      transfer.name,
      transfer.status,
      transfer.stage,
      transfer.isSharing ? 1 : 0,
      transfer.reason,
      transfer.failure,
      transfer.sizeBytes,
      transfer.downloadedBytes,
      transfer.uploadedBytes,
      transfer.paidBytes,
      JSON.stringify(transfer.files),
      transfer.torrentResume,
      transfer.password,
      transfer.isUnpacked ? 1 : 0,
      transfer.plan === null ? null : JSON.stringify(transfer.plan),
      transfer.itemIds === null ? null : JSON.stringify(transfer.itemIds),
      transfer.resultId,
      transfer.id,
    )
  }
  const save = (transfer: Transfer) => {
    writeAll(transfer)
    waiting.delete(transfer.id)
    unsaved.delete(transfer.id)
  }
  return {
    active: () =>
      sql
        .prepare('SELECT * FROM transfers WHERE user_id = ? AND finished_at IS NULL ORDER BY id')
        .all(userId)
        .map(toTransfer),
    finished: () =>
      sql
        .prepare(
          `SELECT id, kind, links, name, folder_id, size, uploaded, reason, result_id, created_at, finished_at FROM transfers
           WHERE user_id = ? AND finished_at IS NOT NULL ORDER BY finished_at DESC, id DESC`,
        )
        .all(userId)
        .map(toFinished),
    insert: ({ links, kind, name, folderId, status, reason, content, sizeBytes }) => {
      const json = JSON.stringify(links)
      const values = [userId, json, kind, name, folderId, status, reason, content, sizeBytes, nowSeconds()]
      const { lastInsertRowid } = insert.run(...values)
      const row = sql.prepare('SELECT * FROM transfers WHERE id = ?').get(lastInsertRowid)
      return toTransfer(row ?? {})
    },
    save,
    saveWhenPossible: (transfer) => {
      try {
        save(transfer)
      } catch (error) {
        if (!isOutOfSpace(error)) throw error
        unsaved.set(transfer.id, transfer)
        flushSoon(retryMs)
      }
    },
    saveSoon: (transfer) => {
      waiting.set(transfer.id, transfer)
      flushSoon()
    },
    remove: (id) => {
      remove.run(id)
      waiting.delete(id)
      unsaved.delete(id)
    },
    removeFinished: (ids) => {
      const all = sql.prepare('SELECT id FROM transfers WHERE user_id = ? AND finished_at IS NOT NULL').all(userId)
      const wanted = ids === null ? null : new Set(ids)
      const found = all.map((row) => number(row, 'id')).filter((id) => wanted === null || wanted.has(id))
      db.transact(() => {
        for (const id of found) remove.run(id)
      })
      return found
    },
    torrentFile: (id) => {
      const bytes = file.get(id)?.torrent
      return bytes instanceof Uint8Array ? bytes : null
    },
    keepTorrentFile: (id, bytes) => {
      keepFile.run(bytes, id)
    },
    flush,
  }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

function toFinished(row: Row): FinishedTransfer {
  return {
    id: number(row, 'id'),
    kind: row.kind === 'torrent' ? 'torrent' : 'links',
    links: toList(fromJson(text(row, 'links')), isText),
    name: text(row, 'name'),
    folderId: number(row, 'folder_id'),
    sizeBytes: numberOrNull(row, 'size'),
    uploadedBytes: number(row, 'uploaded'),
    note: textOrNull(row, 'reason'),
    resultId: numberOrNull(row, 'result_id'),
    addedAtSeconds: number(row, 'created_at'),
    finishedAtSeconds: number(row, 'finished_at'),
  }
}

/**
 * Reads a row. A row that this version cannot read becomes a transfer in Error, which can be retried or cancelled and
 * does not stop others.
 */
function toTransfer(row: Row): Transfer {
  const known = {
    status: statuses.find((one) => one === row.status),
    stage: stages.find((one) => one === row.stage),
  }
  const links = fromJson(text(row, 'links'))
  const files = fromJson(text(row, 'files'))
  const plan = fromJson(textOrNull(row, 'plan'))
  const itemIds = fromJson(textOrNull(row, 'item_ids'))
  const isSound =
    known.status !== undefined && known.stage !== undefined && ![links, files, plan, itemIds].includes(undefined)
  const { status = 'error', stage = 'fetching' } = isSound ? known : {}
  return {
    id: number(row, 'id'),
    links: toList(links, isText),
    kind: row.kind === 'torrent' ? 'torrent' : 'links',
    name: text(row, 'name'),
    folderId: number(row, 'folder_id'),
    status,
    stage,
    isSharing: isSound && row.sharing === 1,
    reason: isSound
      ? textOrNull(row, 'reason')
      : 'What was noted of this transfer is damaged. Try it again, or add its links again.',
    failure: textOrNull(row, 'failure'),
    sizeBytes: numberOrNull(row, 'size'),
    downloadedBytes: number(row, 'downloaded'),
    uploadedBytes: number(row, 'uploaded'),
    paidBytes: number(row, 'paid'),
    files: toList(files, isFile),
    torrentResume: textOrNull(row, 'resume'),
    password: textOrNull(row, 'password'),
    isUnpacked: row.unpack === 1,
    plan: isPlan(plan) ? plan : null,
    itemIds: !isSound || itemIds === null ? null : toList(itemIds, isNumber),
    resultId: numberOrNull(row, 'result_id'),
    content: text(row, 'content'),
    addedAtSeconds: number(row, 'created_at'),
    bytesPerSecond: 0,
    peers: 0,
    deliveryStatus: 'in-complete-queue',
    percentUnpacked: 0,
  }
}

/** Undefined for invalid JSON. */
function fromJson(json: string | null): unknown {
  try {
    return json === null ? null : JSON.parse(json)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function toList<T>(list: unknown, isOne: (value: unknown) => value is T): T[] {
  return Array.isArray(list) ? list.filter(isOne) : []
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number'
}

/** True for a file as this program wrote it. An invalid resume record means starting over. */
function isFile(value: unknown): value is TransferFile {
  return (
    typeof value === 'object' &&
    value !== null &&
    'path' in value &&
    Array.isArray(value.path) &&
    'isWhole' in value &&
    'resume' in value &&
    (value.resume === null || isResume(value.resume))
  )
}

function isResume(value: unknown): value is ResumeRecord {
  return typeof value === 'object' && value !== null && 'validators' in value && 'bootId' in value
}

function isPlan(value: unknown): value is Plan {
  return typeof value === 'object' && value !== null && 'trees' in value && Array.isArray(value.trees)
}
