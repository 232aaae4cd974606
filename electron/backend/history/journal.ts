import { appendFileSync, copyFileSync, rmSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { crc32 } from 'node:zlib'
import * as z from 'zod'
import { ItemId } from '../../../shared/item.ts'
import { TransferId } from '../../../shared/transfer.ts'
import { isObject } from '../files/json-content.ts'
import { type Lines, readLines } from '../files/lines.ts'
import { describeError, inspect, replaceText, setAside } from '../files/whole-file.ts'

const accountId = z.string()

/** A record of the history: one JSON object per line. */
export const JournalRecord = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('added'),
    accountId,
    transferId: TransferId,
    name: z.string(),
    links: z.array(z.string()),
    folderId: ItemId,
    atMs: z.number(),
    // Earlier versions did not write these fields. They have no default, because the checksum covers what was written.
    sizeBytes: z.number().optional(),
    unpackedBytes: z.number().optional(),
    /** Links that may contain a secret, encrypted; then `links` is empty. */
    sealedLinks: z.string().optional(),
  }),
  z.object({
    type: z.literal('left'),
    accountId,
    transferId: TransferId,
    name: z.string(),
    outcome: z.enum(['finished', 'cancelled']),
    sizeBytes: z.number().nullable(),
    itemId: ItemId.nullable(),
    folderId: ItemId.nullable(),
    links: z.array(z.string()),
    atMs: z.number(),
    // Earlier versions did not write this field.
    note: z.string().nullable().default(null),
    sealedLinks: z.string().optional(),
  }),
  z.object({ type: z.literal('cleared'), accountId, atMs: z.number() }),
  z.object({ type: z.literal('restored'), accountId, clearedAtMs: z.number(), atMs: z.number() }),
  z.object({ type: z.literal('removed'), accountId, atMs: z.number() }),
])
export type JournalRecord = z.infer<typeof JournalRecord>

/** Larger than any record: a transfer can have a thousand links. */
const maxLineBytes = 16 * 1024 * 1024
const saveRetryMs = 15_000

/** An append-only file. When `append` returns, the record is on disk, or waits in memory while the file cannot be written. */
export interface Journal {
  /** What is stored, or waits to be stored. */
  readonly records: readonly JournalRecord[]
  append(record: JournalRecord): void
  /** Changes records that are stored already, also in the copy. Does nothing while the file cannot be read or written. */
  rewrite(change: (record: JournalRecord) => JournalRecord): void
  /** Tries a last time to save pending records, and stops retrying. */
  close(): void
}

export interface JournalOptions {
  path: string
  /** Called once, on open: what was damaged, and what was restored. */
  tell?(sentence: string): void
  /** Called with the reason why the last record could not be saved, and with null once it is saved. */
  onSaved?(problem: string | null): void
}

/** The records of a file, in order, keyed by the line that each is written as. */
interface Read {
  records: Map<string, JournalRecord>
  /** The number of lines that are not records: damaged, or from a later version. */
  bad: number
  /** The last line has no newline. `isCut`: it is not a complete record either, as after a crash. */
  isOpenEnded: boolean
  isCut: boolean
}

/**
 * Opens a journal. Each line carries a checksum and is validated on its own; a copy beside the journal also holds every record. A
 * last line that a crash cut off was never acknowledged and is dropped. After any other damage the whole file is set aside, under its
 * name with the date, and is replaced by what can be read from it and from the copy.
 */
export function openJournal({ path, tell = () => undefined, onSaved = () => undefined }: JournalOptions): Journal {
  const copy = `${path}.copy`
  const { records, isOnDisk } = open(path, copy, tell)
  let isUnread = !isOnDisk
  let waiting = ''
  let timer: ReturnType<typeof setTimeout> | null = null

  function save(): void {
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (waiting === '') return
    try {
      if (isUnread) {
        if (inspect(path).is !== 'absent') setAside(path)
        replaceText(path, records.map((record) => `${toLine(record)}\n`).join(''))
      }
      isUnread = false
      appendFileSync(path, waiting, { mode: 0o600, flush: true })
    } catch (error) {
      onSaved(
        `The history cannot be saved: ${describeError(error)}. It lasts until you close Putdesk; it retries automatically.`,
      )
      timer = setTimeout(save, saveRetryMs).unref()
      return
    }
    try {
      appendFileSync(copy, waiting, { mode: 0o600 })
    } catch {
      // The journal itself is saved; the copy is recreated at the next start.
    }
    waiting = ''
    onSaved(null)
  }

  return {
    records,
    append: (record) => {
      const parsed = JournalRecord.parse(record)
      records.push(parsed)
      waiting += `${toLine(parsed)}\n`
      save()
    },
    rewrite: (change) => {
      if (isUnread || waiting !== '') return
      const changed = records.map((record) => [toLine(change(record)), record] as const)
      // Without a copy, an interruption leaves a whole file, old or new. With a copy of the other one it would look damaged.
      try {
        rmSync(copy, { force: true })
      } catch {
        // The folder cannot be written.
        return
      }
      replaceWith(path, new Map(changed))
      mirror(path, copy)
    },
    close: () => {
      save()
      if (timer !== null) clearTimeout(timer)
    },
  }
}

/** `isOnDisk`: the journal file holds exactly these records. */
function open(
  path: string,
  copy: string,
  tell: (sentence: string) => void,
): { records: JournalRecord[]; isOnDisk: boolean } {
  const copied = tryRead(copy)
  const seen = inspect(path)
  if (seen.is === 'absent') {
    if (copied === null || copied.records.size === 0) return { records: [], isOnDisk: true }
    tell('The history file was missing. The copy of it is back.')
    return { records: [...copied.records.values()], isOnDisk: replaceWith(path, copied.records) }
  }
  const read = tryRead(path)
  if (read === null) {
    const records = copied?.records ?? new Map<string, JournalRecord>()
    const canPass = seen.is === 'file' || seen.canPass
    const aside = canPass ? null : repair(path, records)
    const why = seen.is === 'file' ? 'cannot be read' : seen.why
    const back = records.size > 0 ? 'The copy of it is in use.' : 'There is no copy of it: the history starts anew.'
    const kept = aside === null ? 'Nothing was deleted.' : `The damaged one was kept as ${basename(aside)}.`
    tell(`The history file ${why}. ${back} ${kept}`)
    return { records: [...records.values()], isOnDisk: aside !== null }
  }
  const isShorter = copied !== null && [...copied.records.keys()].some((line) => !read.records.has(line))
  const isDamaged = read.bad > (read.isCut ? 1 : 0) || isShorter
  // The copy comes first: records that it lacks were added last.
  const records = isShorter ? new Map([...copied.records, ...read.records]) : read.records
  let isOnDisk = true
  if (isDamaged) {
    const aside = repair(path, records)
    isOnDisk = aside !== null
    const kept = aside === null ? '' : ` The damaged file was kept as ${basename(aside)}.`
    const back = isShorter ? 'What its copy holds is back' : 'What could be read was kept'
    tell(`The history file was damaged. ${back}.${kept}`)
  } else if (read.isOpenEnded) isOnDisk = replaceWith(path, records)
  if (isOnDisk && !isSameSize(path, copy)) mirror(path, copy)
  return { records: [...records.values()], isOnDisk }
}

function repair(path: string, records: ReadonlyMap<string, JournalRecord>): string | null {
  try {
    const aside = setAside(path)
    return replaceWith(path, records) ? aside : null
  } catch {
    // The folder cannot be written: the damaged file stays in place, and the message says so.
    return null
  }
}

function tryRead(path: string): Read | null {
  let lines: Lines
  try {
    if (inspect(path).is !== 'file') return null
    lines = readLines(path, maxLineBytes)
  } catch {
    // Unreadable: the caller keeps the file and reports it.
    return null
  }
  const parsed = lines.lines.map(readLine)
  const records = new Map<string, JournalRecord>()
  for (const record of parsed) if (record !== null) records.set(toLine(record), record)
  const isCut = lines.isOpenEnded && parsed.at(-1) === null
  return {
    records,
    bad: parsed.filter((record) => record === null).length + lines.tooLong,
    isOpenEnded: lines.isOpenEnded,
    isCut,
  }
}

function readLine(line: string): JournalRecord | null {
  let value: unknown
  try {
    // A crash of the computer can leave zero bytes before a record.
    value = JSON.parse(line.replace(/^\0+/, ''))
  } catch {
    return null
  }
  const record = JournalRecord.safeParse(value).data ?? null
  const sum = isObject(value) ? value.crc : undefined
  return record !== null && sum !== undefined && sum !== sumOf(record) ? null : record
}

function toLine(record: JournalRecord): string {
  return JSON.stringify({ ...record, crc: sumOf(record) })
}

function sumOf(record: JournalRecord): number {
  return crc32(JSON.stringify(record))
}

function replaceWith(path: string, records: ReadonlyMap<string, JournalRecord>): boolean {
  try {
    replaceText(path, [...records.keys()].map((line) => `${line}\n`).join(''))
    return true
  } catch {
    // Reported when the next record is saved.
    return false
  }
}

function isSameSize(path: string, copy: string): boolean {
  const sizes = [path, copy].map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? -1)
  return sizes[0] === sizes[1]
}

function mirror(path: string, copy: string): void {
  try {
    copyFileSync(path, copy)
  } catch {
    // The journal works without a copy.
  }
}
