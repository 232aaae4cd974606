import { appendFileSync, copyFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { crc32 } from 'node:zlib'
import * as z from 'zod'
import { ItemId } from '../../../shared/item.ts'
import { TransferId } from '../../../shared/transfer.ts'
import { isObject } from '../files/json-content.ts'
import { type Lines, readLines } from '../files/lines.ts'
import { look, replaceText, setAside, whyNot } from '../files/whole-file.ts'

const accountId = z.string()

/** What is worth remembering about transfers, one JSON object a line. */
export const JournalRecord = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('added'),
    accountId,
    transferId: TransferId,
    name: z.string(),
    links: z.array(z.string()),
    folderId: ItemId,
    atMs: z.number(),
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
    // Earlier versions wrote none.
    note: z.string().nullable().default(null),
  }),
  z.object({ type: z.literal('cleared'), accountId, atMs: z.number() }),
  z.object({ type: z.literal('removed'), accountId, atMs: z.number() }),
])
export type JournalRecord = z.infer<typeof JournalRecord>

/** Larger than any record: a transfer can be made of a thousand links. */
const maxLineBytes = 16 * 1024 * 1024
const saveAgainMs = 15_000

/** An append-only file. A record is on the disk when `append` returns, or waits in memory while the file cannot be written. */
export interface Journal {
  records: JournalRecord[]
  append(record: JournalRecord): void
  /** Saves what could not be saved before, and stops trying. */
  close(): void
}

export interface JournalOptions {
  path: string
  /** Told once, at the opening: what was damaged, what is back and what is not. */
  tell?(sentence: string): void
  /** Why the last record could not be saved; null once it is. */
  onSaved?(problem: string | null): void
}

/** A file's records, in order, each with the line that it is written as. */
interface Read {
  records: Map<string, JournalRecord>
  /** Lines that are no records: damaged, or of a later version. */
  bad: number
  /** The last line has no end. `isCut`: it is no record either, as a sudden end leaves it. */
  isOpenEnded: boolean
  isCut: boolean
}

/**
 * Opens a journal. Each line carries a checksum and is judged by itself; a copy beside the journal has every record too. A last line
 * that was cut off by a sudden end was never acknowledged, and is dropped. Any other damage keeps the whole file aside, under its
 * name with the date, and what can be read of it and of the copy takes its place.
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
        if (look(path).is !== 'absent') setAside(path)
        replaceText(path, records.map((record) => `${toLine(record)}\n`).join(''))
      }
      isUnread = false
      appendFileSync(path, waiting, { mode: 0o600, flush: true })
    } catch (error) {
      onSaved(
        `The history cannot be saved: ${whyNot(error)}. It lasts until you close Putdesk; it tries again by itself.`,
      )
      timer = setTimeout(save, saveAgainMs).unref()
      return
    }
    try {
      appendFileSync(copy, waiting, { mode: 0o600 })
    } catch {
      // The journal itself is saved; its copy is made anew at the next start.
    }
    waiting = ''
    onSaved(null)
  }

  return {
    records,
    append: (record) => {
      waiting += `${toLine(JournalRecord.parse(record))}\n`
      save()
    },
    close: () => {
      save()
      if (timer !== null) clearTimeout(timer)
    },
  }
}

/** `isOnDisk`: the journal's file holds the records, and nothing else. */
function open(
  path: string,
  copy: string,
  tell: (sentence: string) => void,
): { records: JournalRecord[]; isOnDisk: boolean } {
  const copied = tryRead(copy)
  const seen = look(path)
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
  // The copy comes first: what it lacks was added last.
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
    // A folder that cannot be written: the damaged file stays where it is, and what comes next says so.
    return null
  }
}

function tryRead(path: string): Read | null {
  let lines: Lines
  try {
    if (look(path).is !== 'file') return null
    lines = readLines(path, maxLineBytes)
  } catch {
    // Not ours to read: it is kept, and told.
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
    // Zeros before a record are what a crash of the computer leaves of a longer file.
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
    // Told when the next record is to be saved.
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
    // Without a copy the journal still stands by itself.
  }
}
