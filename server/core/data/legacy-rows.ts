import type { Row } from './row.ts'

/**
 * Up to version 5 of the schema, rows held what API v1 shows: statuses as display texts, kinds as codes, messages as
 * HTML. Journals, copies and damaged databases of that time can still be read. Never change these lists.
 */
export const legacyKinds = [
  'folder',
  'file',
  'audio',
  'movie',
  'image',
  'archive',
  'pdf',
  'document',
  'text',
  'flash',
] as const

export const legacyStatuses: Record<string, string> = {
  Waiting: 'waiting',
  'In queue': 'in-queue',
  'Looking for peers': 'looking-for-peers',
  Downloading: 'downloading',
  'Downloading and seeding': 'downloading-and-seeding',
  Seeding: 'seeding',
  'In complete queue': 'in-complete-queue',
  'In extraction queue': 'in-extraction-queue',
  Extracting: 'extracting',
  Completing: 'completing',
  Error: 'error',
}

/** A row in the form of this schema version. A current row is returned as it is. */
export function currentRow(table: string, row: Row): Row {
  if (table === 'items' && typeof row.kind === 'number') return { ...row, kind: kindOfCode(row.kind, row.content) }
  if (table === 'transfers' && typeof row.status === 'string' && Object.hasOwn(legacyStatuses, row.status))
    return { ...row, status: legacyStatuses[row.status] }
  if (table === 'messages' && typeof row.title === 'string') return currentMessage(row, row.title)
  return row
}

function kindOfCode(code: number, content: unknown): string {
  return legacyKinds[code] ?? (content === null ? 'folder' : 'file')
}

function currentMessage({ title: _title, file_name: name, kind, ...row }: Row, title: string): Row {
  const size = arrival.exec(title)?.[1]
  const isArrival = size !== undefined && typeof name === 'string' && typeof row.item_id === 'number'
  if (!isArrival) return { ...row, type: 'notice', sentence: plainText(title) }
  const item_kind = kindOfCode(typeof kind === 'number' ? kind : -1, '')
  return { ...row, type: 'file-arrived', item_name: name, item_kind, item_size: bytesOf(size) }
}

const arrival =
  /^<a rel="userfile" href="\/file\/\d+">.*<\/a> <span class="dash-gray">\((\d+(?:\.\d\d)?[BKMGT])\) downloaded<\/span>$/su

/** A number of bytes that formats to the same text again. */
function bytesOf(size: string): number {
  const power = 'BKMGT'.indexOf(size.at(-1) ?? 'B')
  const bytes = Math.round(Number(size.slice(0, -1)) * 1024 ** power)
  return power === 4 ? bytes : Math.min(bytes, 1024 ** (power + 1) - 1)
}

function plainText(html: string): string {
  return html
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&gt;', '>')
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&')
}
