import { damaged, tooLarge } from './archive-error.ts'
import { type RawName, utf8Of } from './entry-name.ts'
import type { SevenZipRun } from './seven-zip-run.ts'

/** An entry in 7-Zip's list, which is in unpacking order. */
export interface ListedEntry {
  name: RawName
  hasBackslashes: boolean
  kind: 'file' | 'folder' | 'symlink' | 'hard-link' | 'left-out'
  /** The target of a link; null for other entries, and for links whose target 7-Zip unpacks as their content. */
  target: RawName | null
  /** Why it is skipped; otherwise empty. */
  why: string
  /** Null when unknown. */
  sizeBytes: number | null
  crc: number | null
  isEncrypted: boolean
}

const maxLineLength = 64 * 1024
const wanted = new Set([
  'Path',
  'Folder',
  'Size',
  'Attributes',
  'Encrypted',
  'CRC',
  'Symbolic Link',
  'Hard Link',
  'Copy Link',
  'Alternate Stream',
  'Anti',
])

/**
 * Parses the output of `l -slt -ba`: a block of `Key = value` lines for each item. 7-Zip writes control characters in names as `_`,
 * so a name is always one line. A name that is not Unicode is returned as bytes. Throws as soon as there are too many items.
 */
export async function readList(
  run: SevenZipRun,
  {
    archive,
    maxEntries,
    is7z,
    separator,
  }: { archive: string; maxEntries: number; is7z: boolean; separator: '/' | '\\' },
): Promise<ListedEntry[]> {
  const entries: ListedEntry[] = []
  let fields = new Map<string, string>()
  const finish = () => {
    if (fields.has('Path')) entries.push(toEntry(fields, { is7z, separator }))
    fields = new Map()
    if (entries.length > maxEntries) {
      throw tooLarge(archive, `it holds more than ${maxEntries} files, and no more than that are unpacked`)
    }
  }
  for await (const line of linesOf(run.output, archive)) {
    const [, key = '', value = ''] = /^(?:Enter password:)?([A-Z][A-Za-z ]*) = ?(.*)$/.exec(line) ?? []
    if (line === '') finish()
    else if (wanted.has(key)) fields.set(key, value)
  }
  finish()
  return entries
}

/** Yields the lines of the output, with one character per byte. */
async function* linesOf(output: AsyncIterable<unknown>, archive: string): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of output) {
    if (!(chunk instanceof Uint8Array)) continue
    const lines = `${rest}${Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1')}`.split(
      /\r?\n/,
    )
    rest = lines.pop() ?? ''
    if (rest.length > maxLineLength) throw damaged(archive, 'its list of files is broken')
    yield* lines
  }
  if (rest !== '') yield rest
}

function toEntry(
  fields: Map<string, string>,
  { is7z, separator }: { is7z: boolean; separator: '/' | '\\' },
): ListedEntry {
  const field = (key: string) => fields.get(key) ?? ''
  const nameOf = (value: string) => rawName(separator === '/' ? value : withSlashes(value))
  const attributes = field('Attributes').split(' ')
  // For example `D drwxr-xr-x`: Windows attributes, then the Unix mode.
  const [mode = ''] = attributes.find((word) => /^[-a-z0-9][-rwxsStT]{9}$/.test(word)) ?? ''
  const letters = attributes.filter((word) => /^[A-Z]+$/.test(word)).join('')
  const hardLink = field('Hard Link')
  const target = field('Symbolic Link') || hardLink
  const size = field('Size')
  const sizeBytes = /^\d+$/.test(size) ? Number(size) : null
  const entry: ListedEntry = {
    name: nameOf(field('Path')),
    hasBackslashes: false,
    kind: 'file',
    target: target === '' ? null : nameOf(target),
    why: '',
    sizeBytes,
    crc: /^[0-9A-F]{8}$/.test(field('CRC')) ? Number.parseInt(field('CRC'), 16) : null,
    isEncrypted: field('Encrypted') === '+',
  }
  // 7-Zip outputs the bytes of a copy, but none for a hard link.
  if (hardLink !== '') return { ...entry, kind: 'hard-link', sizeBytes: 0 }
  if (target !== '' || mode === 'l') return { ...entry, kind: 'symlink' }
  if (letters.includes('L')) return { ...entry, kind: 'left-out', why: 'a link' }
  // 7-Zip stores the kind of its source for input from a pipe, a socket or a terminal.
  const isStream = is7z && ('ps'.includes(mode) || (sizeBytes ?? 0) > 0)
  if (mode !== '' && 'bcps'.includes(mode) && !isStream) return { ...entry, kind: 'left-out', why: 'a device' }
  if (field('Alternate Stream') === '+') return { ...entry, kind: 'left-out', why: 'a second stream of a file' }
  if (field('Anti') === '+') return { ...entry, kind: 'left-out', why: 'a deletion marker' }
  return field('Folder') === '+' || mode === 'd' || letters.includes('D') ? { ...entry, kind: 'folder' } : entry
}

/** How 7-Zip writes a backslash in a name on Windows. */
const escapedBackslash = Buffer.from('\uf05c').toString('latin1')

/** Converts a path from 7-Zip on Windows back to the path in the archive. */
function withSlashes(path: string): string {
  return path.replaceAll('\\', '/').replaceAll(escapedBackslash, '\\')
}

function rawName(value: string): RawName {
  const bytes = Buffer.from(value, 'latin1')
  return utf8Of(bytes) ?? bytes
}
