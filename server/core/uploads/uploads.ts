import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { formatSize } from '../../../engine/text/format-size.ts'
import type { Events } from '../account/events.ts'
import { type DiskQuota, trashAdvice } from '../account/quota.ts'
import type { Settings } from '../account/settings.ts'
import type { Database } from '../data/database.ts'
import { number, numberOrNull, type Row, text } from '../data/row.ts'
import { NotFound, Refusal } from '../errors/refusal.ts'
import { type Content, newContentName } from '../space/content.ts'
import { checkName } from '../space/item-name.ts'
import type { Item, Space } from '../space/space.ts'
import { append, type Received, type RunningHash } from './append.ts'
import { UploadBusy, UploadTooLarge, WrongOffset } from './upload-errors.ts'

/** What a client says of a file before it sends it. */
export interface UploadDraft {
  name: string
  folderId: number
  /** The file's own time of last change; null if the client did not tell. */
  updatedAtSeconds: number | null
  /** Whether it takes the place of a file of the same name, which is deleted as the person has set. Otherwise it gets a free name. */
  isOverwriting: boolean
}

/** A file that a client is sending, in pieces. */
export interface Upload extends UploadDraft {
  /** Unguessable. */
  key: string
  sizeBytes: number
  /** These bytes would survive a power cut. */
  receivedBytes: number
  /** 8 hexadecimal digits, of what was received. */
  crc32: string
  /** Whether it becomes a transfer when it is a torrent file. */
  isTorrentAllowed: boolean
  /** What it has become; both null until it is complete. */
  itemId: number | null
  transferId: number | null
  /** When it is forgotten. */
  expiresAtSeconds: number
}

/** The files that one user's clients send. Until they are complete, they are in work folders, and in no list. */
export interface Uploads {
  /** Begins a file of a known size, which arrives in pieces, also over restarts. Its space is reserved. */
  create(draft: UploadDraft, options: { sizeBytes: number; isTorrentAllowed: boolean }): Upload
  /** Waits a moment for a connection that is just ending, so that the answer is the last one. */
  find(key: string): Promise<Upload>
  /** Adds bytes. With the last of them, also of an empty file, the file gets into the space. */
  append(key: string, offset: number, source: AsyncIterable<Uint8Array>): Promise<Upload>
  /** Discards it. What it has become stays. */
  remove(key: string): Promise<void>
  /** Receives a file in one piece, of a size that is not known before. `expectedBytes` are reserved first. */
  receive(source: AsyncIterable<Uint8Array>, expectedBytes: number): Promise<WholeFile>
  /** Reserves space again, and finishes what was complete when the service ended. */
  start(): Promise<void>
  /** Forgets what has expired. */
  expire(): Promise<void>
  /** Waits until what has arrived is on the disk. Call it when no connection is open any more. */
  stop(): Promise<void>
}

/** A file that was received as a whole, and is not in the space yet. */
export interface WholeFile {
  sizeBytes: number
  bytes(): Promise<Uint8Array>
  /** Moves it into the space. */
  keep(draft: UploadDraft): Promise<Item>
  discard(): Promise<void>
}

export interface UploadsOptions {
  db: Database
  userId: number
  space: Space
  content: Content
  quota: DiskQuota
  events: Events
  settings: Settings
  largestFileBytes: number | null
  /** Adds a transfer if this is a torrent file; null if it is none. */
  addTorrent(bytes: Uint8Array, folderId: number): number | null
  report(error: unknown): void
}

const hourSeconds = 60 * 60
/** How long the answer to a complete upload can be asked for again, and how long an incomplete one is kept. */
const keptSeconds = { complete: 24 * hourSeconds, incomplete: 7 * 24 * hourSeconds }
const maxIncomplete = 5000
const expireEveryMs = 60_000
/** How long a request waits for another one that is ending. */
const settleMs = 1000
/** Space for a file of unknown size is reserved in such steps. */
const reservedStepBytes = 64 * 1024 * 1024
/** The name of the file in its work folder. */
const partName = '0'
export const maxTorrentFileBytes = 16 * 1024 * 1024

/** A row, with the names of its files. */
interface StoredUpload extends Upload {
  id: number
  content: string
  sum: number
}

/** What a user's incomplete uploads have on the disk, in bytes. */
export function receivedBytes({ sql }: Database, userId: number): number {
  const open = sql.prepare(
    'SELECT coalesce(sum(received), 0) AS n FROM uploads WHERE user_id = ? AND item_id IS NULL AND transfer_id IS NULL',
  )
  return number(open.get(userId) ?? {}, 'n')
}

/** Quotas are reserved under the ids of transfers; those of uploads are negative. */
let lastWholeFile = 0
const wholeFileIds = -(2 ** 40)

export function createUploads(options: UploadsOptions): Uploads {
  const { db, userId, space, content, quota, events, settings, largestFileBytes, addTorrent, report } = options
  const { sql } = db
  const byKey = sql.prepare('SELECT * FROM uploads WHERE user_id = ? AND key = ?')
  const insert = sql.prepare(
    `INSERT INTO uploads (user_id, key, name, folder_id, size, content, overwrite, torrent, updated_at, changed_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const record = sql.prepare('UPDATE uploads SET received = ?, crc32 = ?, changed_at = ? WHERE id = ?')
  const finish = sql.prepare(
    'UPDATE uploads SET received = size, crc32 = ?, item_id = ?, transfer_id = ?, changed_at = ? WHERE id = ?',
  )
  const remove = sql.prepare('DELETE FROM uploads WHERE id = ?')
  const noteWork = sql.prepare('INSERT OR IGNORE INTO left_work (content) VALUES (?)')
  const forgetWork = sql.prepare('DELETE FROM left_work WHERE content = ?')
  const setSums = sql.prepare('UPDATE items SET crc32 = ?, sha1 = ?, updated_at = ? WHERE id = ?')
  const byContent = sql.prepare('SELECT id FROM items WHERE user_id = ? AND content = ?')
  /** The connections that are sending. */
  const inFlight = new Map<number, Promise<unknown>>()
  const receiving = new Set<Promise<unknown>>()
  const hashes = new Map<number, RunningHash>()
  let expiredAtMs = Number.NEGATIVE_INFINITY

  const get = (key: string): StoredUpload => {
    const row = byKey.get(userId, key)
    if (row === undefined) throw new NotFound('There is no such upload; it may have expired.')
    return toUpload(row)
  }
  const settle = async (id: number) => {
    const ending = inFlight.get(id)
    if (ending !== undefined) await Promise.race([ending, wait(settleMs, undefined, { ref: false })])
  }
  const checkSize = (name: string, sizeBytes: number) => {
    if (largestFileBytes !== null && sizeBytes > largestFileBytes)
      throw new UploadTooLarge(
        `“${name}” is too large: no file may be larger than ${formatSize(largestFileBytes)} here.`,
      )
  }
  const reserve = (id: number, name: string, sizeBytes: number) => {
    if (quota.reserve(id, sizeBytes)) {
      // It is promised from the beginning: nobody else can have it.
      quota.use(id, sizeBytes)
      return
    }
    const free = formatSize(quota.unreservedBytes() + quota.reservedFor(id))
    throw new UploadTooLarge(
      `There is not enough disk space: “${name}” needs ${formatSize(sizeBytes)}, and ${free} is free.${trashAdvice(quota)}`,
    )
  }
  const partOf = (name: string) => join(content.workFolder(name), partName)
  /** True between the move of its file and the transaction that adds it to the space. */
  const isMoved = (upload: StoredUpload) =>
    upload.sizeBytes > 0 && content.sizeBytes(upload.content) === upload.sizeBytes
  /** Adds a stored content to the space. Call it in a transaction. */
  const addItem = (
    draft: UploadDraft,
    file: { content: string; sizeBytes: number; sum: number; sha1: string | null },
  ) => {
    const { name, folderId, updatedAtSeconds, isOverwriting } = draft
    const earlier = isOverwriting && space.has(folderId) ? space.details.child(folderId, name) : null
    if (earlier !== null && earlier.kind !== 'folder') {
      if (settings.get().isTrashEnabled) space.trash.add([earlier.id])
      else space.remove([earlier.id])
    }
    const added = space.addFile({ name, parentId: folderId, sizeBytes: file.sizeBytes, content: file.content })
    // Names that differ only in case stay different: the client knows what it sends.
    const isFree = added.name === name || space.details.child(added.parentId ?? 0, name) === null
    const item = isFree ? space.rename(added.id, name, { isExact: true }) : added
    setSums.run(toHex(file.sum), file.sha1, updatedAtSeconds, item.id)
    events.add('upload', { file_id: item.id, file_name: item.name, file_size: item.sizeBytes })
    return item
  }
  /** The bytes of what may be a torrent file; null for any other file. */
  const torrentBytes = async (upload: StoredUpload): Promise<Uint8Array | null> => {
    const { isTorrentAllowed, name, sizeBytes, content: work } = upload
    const isCandidate = isTorrentAllowed && isTorrentName(name) && sizeBytes <= maxTorrentFileBytes
    return isCandidate && !isMoved(upload) ? readFile(partOf(work)) : null
  }
  /** Adds a transfer and ends the upload, together. Returns false if it is no torrent file. */
  const completeTorrent = ({ id, sum, folderId }: StoredUpload, bytes: Uint8Array): boolean =>
    db.transact(() => {
      const transferId = addTorrent(bytes, space.has(folderId) ? folderId : 0)
      if (transferId !== null) finish.run(sum, null, transferId, nowSeconds(), id)
      return transferId !== null
    })
  const complete = async (upload: StoredUpload): Promise<void> => {
    const { id, content: name, sizeBytes } = upload
    const hash = hashes.get(id)
    const torrent = await torrentBytes(upload)
    if (torrent === null || !completeTorrent(upload, torrent)) {
      const sha1 = hash?.bytes === sizeBytes ? hash.hash.copy().digest('hex') : null
      await content.store(name, [{ from: partName, content: name }], false)
      db.transact(() => {
        // It may be there already: the database may have come from a copy.
        const known = byContent.get(userId, name)
        const itemId =
          known === undefined
            ? addItem(upload, { content: name, sizeBytes, sum: upload.sum, sha1 }).id
            : number(known, 'id')
        finish.run(upload.sum, itemId, null, nowSeconds(), id)
      })
    }
    hashes.delete(id)
    quota.release(-id)
    await content.removeWorkFolder(name)
  }
  /** Sends to one upload, one connection at a time. */
  const exclusively = async <T>(id: number, work: () => Promise<T>): Promise<T> => {
    await settle(id)
    if (inFlight.has(id)) throw new UploadBusy('Another connection is sending this file.')
    const working = work()
    const ending = working.catch(() => undefined).finally(() => inFlight.delete(id))
    inFlight.set(id, ending)
    return working
  }
  const discard = async (upload: StoredUpload) => {
    const { id, content: name } = upload
    const isAlone = isMoved(upload) && byContent.get(userId, name) === undefined
    db.transact(() => {
      remove.run(id)
      if (isAlone) content.recordRemovals([name])
    })
    quota.release(-id)
    hashes.delete(id)
    if (isAlone) await content.remove([name])
    await content.removeWorkFolder(name)
  }
  /** False when the file is shorter than what was confirmed: another program was here. */
  const hasPart = ({ content: name, receivedBytes }: StoredUpload) => {
    const found = statSync(partOf(name), { throwIfNoEntry: false })
    return receivedBytes === 0 || (found?.isFile() === true && found.size >= receivedBytes)
  }
  const receivePiece = async (upload: StoredUpload, source: AsyncIterable<Uint8Array>): Promise<void> => {
    const { id, content: name, sizeBytes, receivedBytes } = upload
    if (upload.itemId !== null || upload.transferId !== null) return
    if (isMoved(upload)) return complete(upload)
    reserve(-id, upload.name, sizeBytes)
    if (!hasPart(upload)) {
      await discard(upload)
      throw new NotFound('What was received of this upload is gone. It has to be sent again.')
    }
    await content.openWorkFolder(name)
    const from: Received = { bytes: receivedBytes, crc32: upload.sum }
    const known = hashes.get(id)
    const sha1 =
      receivedBytes === 0 ? { hash: createHash('sha1'), bytes: 0 } : known?.bytes === receivedBytes ? known : null
    if (sha1 !== null) hashes.set(id, sha1)
    const onSaved = (saved: Received) => {
      db.transactSoon(() => {
        record.run(saved.bytes, saved.crc32, nowSeconds(), id)
      })
    }
    await append(partOf(name), from, source, { limitBytes: sizeBytes, sha1, onSaved })
    const now = get(upload.key)
    if (now.receivedBytes === sizeBytes) await complete(now)
  }
  const receiveWhole = async (source: AsyncIterable<Uint8Array>, expectedBytes: number): Promise<WholeFile> => {
    lastWholeFile += 1
    const id = wholeFileIds - lastWholeFile
    const name = newContentName()
    let reservedBytes = expectedBytes
    const discardFile = async () => {
      quota.release(id)
      await content.removeWorkFolder(name)
    }
    // Removed at the next start, if this one does not get so far.
    db.transactSoon(() => {
      noteWork.run(name)
    })
    try {
      reserve(id, 'The file', reservedBytes)
      await content.openWorkFolder(name)
      const sha1: RunningHash = { hash: createHash('sha1'), bytes: 0 }
      const received = await append(partOf(name), { bytes: 0, crc32: 0 }, source, {
        limitBytes: largestFileBytes ?? Number.POSITIVE_INFINITY,
        sha1,
        onSaved: ({ bytes }) => {
          while (bytes > reservedBytes) reservedBytes += reservedStepBytes
          reserve(id, 'The file', reservedBytes)
        },
      })
      const keep = async (draft: UploadDraft) => {
        checkDraft(draft, space)
        await content.store(name, [{ from: partName, content: name }], false)
        const file = { content: name, sizeBytes: received.bytes, sum: received.crc32, sha1: sha1.hash.digest('hex') }
        const item = db.transact(() => {
          forgetWork.run(name)
          return addItem(draft, file)
        })
        await discardFile()
        return item
      }
      return { sizeBytes: received.bytes, bytes: () => readFile(partOf(name)), keep, discard: discardFile }
    } catch (error) {
      await discardFile()
      throw error
    }
  }
  return {
    create: (draft, { sizeBytes, isTorrentAllowed }) => {
      const { name, folderId, updatedAtSeconds, isOverwriting } = draft
      checkDraft(draft, space)
      checkSize(name, sizeBytes)
      const key = randomBytes(16).toString('hex')
      let id = 0
      const begin = () => {
        const open = sql.prepare(
          'SELECT count(*) AS n FROM uploads WHERE user_id = ? AND item_id IS NULL AND transfer_id IS NULL',
        )
        if (number(open.get(userId) ?? {}, 'n') >= maxIncomplete)
          throw new Refusal('Too many uploads have begun and not ended. Please finish or remove some of them.')
        const flags = [isOverwriting ? 1 : 0, isTorrentAllowed ? 1 : 0]
        const values = [
          userId,
          key,
          name,
          folderId,
          sizeBytes,
          newContentName(),
          ...flags,
          updatedAtSeconds,
          nowSeconds(),
        ]
        id = Number(insert.run(...values).lastInsertRowid)
        reserve(-id, name, sizeBytes)
      }
      try {
        db.transactSoon(begin)
      } catch (error) {
        quota.release(-id)
        throw error
      }
      return get(key)
    },
    find: async (key) => {
      await settle(get(key).id)
      return get(key)
    },
    append: (key, offset, source) =>
      exclusively(get(key).id, async () => {
        const upload = get(key)
        if (upload.receivedBytes !== offset)
          throw new WrongOffset(`This service has ${upload.receivedBytes} bytes of this file, not ${offset}.`)
        await receivePiece(upload, source)
        return get(key)
      }),
    remove: (key) =>
      exclusively(get(key).id, async () => {
        await discard(get(key))
      }),
    receive: (source, expectedBytes) => {
      const working = receiveWhole(source, expectedBytes)
      const ending = working.catch(() => undefined).finally(() => receiving.delete(ending))
      receiving.add(ending)
      return working
    },
    start: async () => {
      const rows = sql
        .prepare('SELECT * FROM uploads WHERE user_id = ? AND item_id IS NULL AND transfer_id IS NULL')
        .all(userId)
      const uploads = rows.map(toUpload)
      for (const { id, sizeBytes } of uploads) quota.setReservation(-id, sizeBytes)
      for (const upload of uploads) {
        const isThere = isMoved(upload)
        const isWhole = upload.sizeBytes > 0 && upload.receivedBytes === upload.sizeBytes && hasPart(upload)
        if (!isThere && !isWhole) continue
        const finishing = async () => {
          const sum = isThere ? await sumOf(content.path(upload.content)) : upload.sum
          await complete({ ...upload, sum })
        }
        await exclusively(upload.id, finishing).catch(report)
      }
    },
    expire: async () => {
      if (performance.now() - expiredAtMs < expireEveryMs) return
      expiredAtMs = performance.now()
      const now = nowSeconds()
      const rows = sql
        .prepare(
          'SELECT * FROM uploads WHERE user_id = ? AND changed_at < iif(coalesce(item_id, transfer_id) IS NULL, ?, ?)',
        )
        .all(userId, now - keptSeconds.incomplete, now - keptSeconds.complete)
      for (const upload of rows.map(toUpload)) {
        if (!inFlight.has(upload.id)) await discard(upload)
      }
    },
    stop: async () => {
      await Promise.all([...inFlight.values(), ...receiving])
    },
  }
}

/** True for a name that promises a torrent file. */
export function isTorrentName(name: string): boolean {
  return /\.torrent$/i.test(name)
}

/** Throws a `Refusal` for an invalid name, or a folder that is none. */
function checkDraft({ name, folderId }: UploadDraft, space: Space): void {
  checkName(name, { isKept: true })
  const folder = space.get(folderId)
  if (folder.kind !== 'folder') throw new Refusal(`“${folder.name}” is not a folder.`)
}

async function sumOf(path: string): Promise<number> {
  let sum = 0
  for await (const chunk of createReadStream(path)) sum = crc32(chunk, sum)
  return sum
}

function toHex(sum: number): string {
  return sum.toString(16).padStart(8, '0')
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

function toUpload(row: Row): StoredUpload {
  const [itemId, transferId] = [numberOrNull(row, 'item_id'), numberOrNull(row, 'transfer_id')]
  const kept = itemId === null && transferId === null ? keptSeconds.incomplete : keptSeconds.complete
  const sum = number(row, 'crc32')
  return {
    id: number(row, 'id'),
    key: text(row, 'key'),
    name: text(row, 'name'),
    folderId: number(row, 'folder_id'),
    sizeBytes: number(row, 'size'),
    content: text(row, 'content'),
    isOverwriting: row.overwrite === 1,
    isTorrentAllowed: row.torrent === 1,
    receivedBytes: number(row, 'received'),
    sum,
    crc32: toHex(sum),
    itemId,
    transferId,
    updatedAtSeconds: numberOrNull(row, 'updated_at'),
    expiresAtSeconds: number(row, 'changed_at') + kept,
  }
}
