import { LookError, type LookProblem } from '../../../contents/content.ts'
import { type AddEntry, type ArchiveEntry, Cut, type RawEntry } from './entry.ts'
import { beginsWith, Fields } from './fields.ts'
import { listRar, rar4Magic, rar5Magic } from './list-rar.ts'
import { listSevenZip, sevenZipMagic } from './list-seven-zip.ts'
import { isTar, listTar } from './list-tar.ts'
import { listZip } from './list-zip.ts'
import { withNames } from './names.ts'
import { RangeSource, type ReadRange, UnpackedSource } from './source.ts'
import { type Packed, type Unpacked, unpackBz2, unpackGzip, unpackXz } from './unpack.ts'

/** More are not listed. */
const maxEntries = 20_000

/** The items of an archive. `limit`: quick look reads no further; `damage`: what comes after these is damaged. */
export interface ArchiveList {
  entries: ArchiveEntry[]
  end: 'whole' | 'limit' | 'damage'
}

export interface ArchiveFile {
  name: string
  sizeBytes: number
  readRange: ReadRange
}

/**
 * Lists an archive, of which no more than 256 KiB are read. The content decides of what kind it is, and nothing that a header says is
 * trusted. Throws LookError: `brokenArchive`, `longArchive`, `lockedArchive`, `unlistedArchive`, or what reading throws.
 */
export async function listArchive(file: ArchiveFile): Promise<ArchiveList> {
  const source = new RangeSource(file.sizeBytes, file.readRange)
  const entries: RawEntry[] = []
  const add: AddEntry = (entry) => {
    if (entries.length === maxEntries) throw new Cut()
    entries.push(entry)
  }
  const end = await list(file, source, add).then(
    (): ArchiveList['end'] => 'whole',
    (error: unknown): ArchiveList['end'] => {
      const problem = problemOf(error)
      if (entries.length === 0) throw new LookError(problem, { cause: error })
      if (problem === 'longArchive') return 'limit'
      if (problem === 'brokenArchive') return 'damage'
      throw error
    },
  )
  return { entries: withNames(entries), end }
}

/** Whatever else goes wrong while parsing is damage. */
function problemOf(error: unknown): LookProblem {
  if (error instanceof Cut) return 'longArchive'
  return error instanceof LookError ? error.problem : 'brokenArchive'
}

async function list({ name }: ArchiveFile, source: RangeSource, add: AddEntry): Promise<void> {
  const head = await source.read(0, 512)
  if (beginsWith(head, sevenZipMagic)) return listSevenZip(source, add)
  if (beginsWith(head, rar4Magic) || beginsWith(head, rar5Magic)) return listRar(source, add)
  if (isTar(head)) return listTar(source, add)
  const kind = packedKinds.find(({ magic }) => beginsWith(head, magic))
  if (kind === undefined) return listZip(source, add)
  if (kind.unpack === null) {
    if (/\.(tar\.\w+|tzst)$/i.test(name)) throw new LookError('unlistedArchive')
    return addOne(nameWithin(name), null, add)
  }
  const bytes = await source.readBeginning()
  const packed = { bytes, isWhole: bytes.length === source.sizeBytes }
  const unpacked = await kind.unpack(packed)
  if (isTar(unpacked.bytes)) {
    await listTar(new UnpackedSource(unpacked.bytes, unpacked.isWhole), add)
    return
  }
  if (/\.(tar\.\w+|t(gz|xz|bz2?))$/i.test(name)) throw packed.isWhole ? new LookError('brokenArchive') : new Cut()
  if (packed.isWhole && !unpacked.isWhole && unpacked.bytes.length === 0) throw new LookError('brokenArchive')
  addOne(
    (kind.magic === gzipMagic ? nameInGzip(head) : null) ?? nameWithin(name),
    unpacked.isWhole ? unpacked.bytes.length : null,
    add,
  )
}

const gzipMagic = '1f8b08'

/** What is packed as a whole: a tar, or one file. Null: there is no decoder for it. */
const packedKinds: { magic: string; unpack: ((packed: Packed) => Unpacked | Promise<Unpacked>) | null }[] = [
  { magic: gzipMagic, unpack: unpackGzip },
  { magic: 'fd377a585a00', unpack: unpackXz },
  { magic: '425a68', unpack: unpackBz2 },
  { magic: '28b52ffd', unpack: null },
]

function addOne(name: Uint8Array | string, sizeBytes: number | null, add: AddEntry): void {
  add({ name, isFolder: false, isEncrypted: false, sizeBytes })
}

function nameWithin(name: string): string {
  return name.replace(/\.(gz|xz|bz2|zst)$/i, '') || name
}

/** The name in the header of a gz. Source: RFC 1952, 2.3. */
function nameInGzip(head: Uint8Array): Uint8Array | null {
  const fields = new Fields(head, 3)
  const flags = fields.u8()
  fields.skip(6)
  if ((flags & 4) !== 0) {
    const length = fields.u16()
    if (length > fields.leftBytes) return null
    fields.skip(length)
  }
  const end = head.indexOf(0, fields.at)
  return (flags & 8) === 0 || end <= fields.at ? null : head.slice(fields.at, end)
}
