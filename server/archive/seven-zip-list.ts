import { ArchiveError, damaged, quoted, tooLarge, unsafe } from './archive-error.ts'
import type { SevenZipRun } from './seven-zip-run.ts'

/** One item of 7-Zip's technical list, in the order in which 7-Zip unpacks. */
export interface ListedEntry {
  name: string
  isFolder: boolean
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
 * Reads `l -slt -ba`: one block of `Key = value` lines for each item; 7-Zip writes controls in names as `_`, so a name is one line.
 * Stops at once at links, devices and more items than may be.
 */
export async function readList(run: SevenZipRun, archive: string, maxEntries: number): Promise<ListedEntry[]> {
  const entries: ListedEntry[] = []
  let fields = new Map<string, string>()
  const finish = () => {
    if (fields.has('Path')) entries.push(toEntry(fields, archive))
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

async function* linesOf(output: AsyncIterable<unknown>, archive: string): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of output) {
    if (!(chunk instanceof Uint8Array)) continue
    const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split(/\r?\n/)
    rest = lines.pop() ?? ''
    if (rest.length > maxLineLength) throw damaged(archive, 'its list of files is broken')
    yield* lines
  }
  if (rest !== '') yield rest
}

function toEntry(fields: Map<string, string>, archive: string): ListedEntry {
  const name = fields.get('Path') ?? ''
  const attributes = (fields.get('Attributes') ?? '').split(' ')
  // Such as `D drwxr-xr-x`: the letters of Windows, then the mode of Unix.
  const [mode = ''] = attributes.find((word) => /^[-a-z0-9][-rwxsStT]{9}$/.test(word)) ?? ''
  const letters = attributes.filter((word) => /^[A-Z]+$/.test(word)).join('')
  const isLink = ['Symbolic Link', 'Hard Link', 'Copy Link'].some((key) => (fields.get(key) ?? '') !== '')
  if (isLink || mode === 'l' || letters.includes('L')) {
    throw unsafe(archive, `it holds ${quoted(name)}, a link to elsewhere`)
  }
  if ('bcps'.includes(mode) && mode !== '') throw unsafe(archive, `it holds ${quoted(name)}, a device`)
  if (fields.get('Alternate Stream') === '+' || fields.get('Anti') === '+') {
    const sentence = `${quoted(archive)} could not be unpacked: ${quoted(name)} in it is not a file of its own.`
    throw new ArchiveError('unknown-method', sentence)
  }
  const size = fields.get('Size') ?? ''
  const crc = fields.get('CRC') ?? ''
  return {
    name,
    isFolder: fields.get('Folder') === '+' || mode === 'd' || letters.includes('D'),
    sizeBytes: /^\d+$/.test(size) ? Number(size) : null,
    crc: /^[0-9A-F]{8}$/.test(crc) ? Number.parseInt(crc, 16) : null,
    isEncrypted: fields.get('Encrypted') === '+',
  }
}
