import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import * as z from 'zod'
import { ItemId } from '../../shared/item.ts'
import { TransferId } from '../../shared/transfer.ts'

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
  }),
  z.object({ type: z.literal('cleared'), accountId, atMs: z.number() }),
  z.object({ type: z.literal('removed'), accountId, atMs: z.number() }),
])
export type JournalRecord = z.infer<typeof JournalRecord>

/** An append-only file. A record is on the disk when `append` returns. */
export interface Journal {
  records: JournalRecord[]
  /** True when lines could not be read; the damaged file was kept aside, all readable records were taken over. */
  wasDamaged: boolean
  append(record: JournalRecord): void
}

/**
 * Opens a journal. A last line that was cut off by a sudden end is dropped; any other damage keeps the whole file aside, under
 * its own name with the date, before a clean one takes its place.
 */
export function openJournal(path: string): Journal {
  const { records, isDamaged, isCut } = existsSync(path)
    ? readJournal(path)
    : { records: [], isDamaged: false, isCut: false }
  if (isDamaged) renameSync(path, `${path}.damaged-${new Date().toISOString().replaceAll(':', '-')}`)
  if (isDamaged || isCut) replaceWith(path, records)
  return {
    records,
    wasDamaged: isDamaged,
    append: (record) => {
      const file = openSync(path, 'a', 0o600)
      try {
        writeSync(file, `${JSON.stringify(record)}\n`)
        fsyncSync(file)
      } finally {
        closeSync(file)
      }
    },
  }
}

function readJournal(path: string): { records: JournalRecord[]; isDamaged: boolean; isCut: boolean } {
  const lines = readFileSync(path, 'utf8').split('\n')
  const isCut = lines.pop() !== ''
  const parsed = lines.filter((line) => line !== '').map(readLine)
  const records = parsed.filter((record) => record !== null)
  return { records, isDamaged: records.length < parsed.length, isCut }
}

function readLine(line: string): JournalRecord | null {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return null
  }
  return JournalRecord.safeParse(value).data ?? null
}

function replaceWith(path: string, records: readonly JournalRecord[]): void {
  const draft = `${path}.new`
  const file = openSync(draft, 'w', 0o600)
  try {
    for (const record of records) writeSync(file, `${JSON.stringify(record)}\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(draft, path)
}
