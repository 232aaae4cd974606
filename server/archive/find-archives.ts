import { open } from 'node:fs/promises'
import { type Format, formatOfBytes, formatOfName, hasBytesOf, headBytes } from './formats.ts'
import { groupParts, type PartGroup } from './parts.ts'
import { isRar, type RarHead, rarHeadBytes, rarTailBytes, readRarHead } from './rar-head.ts'
import { findZipEnd, readZipDirectory } from './zip-directory.ts'

/** A file: its name as the person knows it, and the path of its content. */
export interface ArchiveFile {
  name: string
  path: string
  /** Files of different folders never belong to one archive. */
  folder?: string
}

/** An archive that can be unpacked, with its parts in reading order. */
export interface ArchiveSet {
  /** The name shown to the person: that of its first part. */
  name: string
  format: Format
  /** How its parts belong together: as volumes that 7-Zip finds by name, or as pieces of one file. */
  kind: PartGroup['kind'] | 'single'
  /** Each part with its files: one, or several where a volume was split into pieces. */
  parts: { name: string; paths: string[] }[]
  /** The indexes of its parts among the given files. */
  fileIndexes: number[]
  /** The names of missing parts. */
  missing: string[]
}

type Group = Pick<PartGroup, 'volumes' | 'missing'> & { kind: ArchiveSet['kind'] }

/**
 * Finds the archives among files, by name and first bytes: a film named `.zip` is not one, and a `.docx` is left alone. A set whose
 * first part is missing is found by its names, so that the person learns which part to add.
 */
export async function findArchives(files: readonly ArchiveFile[]): Promise<ArchiveSet[]> {
  const { groups, rest } = groupParts(
    files.map((file) => file.name),
    (index) => files[index]?.folder ?? '',
  )
  const found: ArchiveSet[] = []
  const singles = rest.map((index) => single(files, index))
  for (const group of [...groups, ...singles]) {
    for (const one of await correctByBytes(group, files)) {
      const format = await formatOf(one, files)
      if (format === null) continue
      const parts = one.volumes.map(({ name, indexes }) => ({
        name,
        paths: indexes.flatMap((index) => files[index]?.path ?? []),
      }))
      const fileIndexes = one.volumes.flatMap(({ indexes }) => indexes)
      const name = files[fileIndexes[0] ?? -1]?.name ?? ''
      found.push({ name, format, kind: one.kind, parts, fileIndexes, missing: one.missing })
    }
  }
  return found.sort((a, b) => (a.fileIndexes[0] ?? 0) - (b.fileIndexes[0] ?? 0))
}

function single(files: readonly ArchiveFile[], index: number): Group {
  return { kind: 'single', volumes: [{ name: files[index]?.name ?? '', indexes: [index] }], missing: [] }
}

/** Corrects a group by its bytes: names and bytes may disagree about what is a volume, a piece or a single file. */
async function correctByBytes(group: Group, files: readonly ArchiveFile[]): Promise<Group[]> {
  const path = (volume = 0) => files[group.volumes[volume]?.indexes[0] ?? -1]?.path ?? ''
  switch (group.kind) {
    case 'rar-parts':
    case 'rar-volumes': {
      const head = await rarHead(path())
      // Some sets have no `.rar` and start with `.r00`.
      const isWhole =
        group.kind === 'rar-volumes' && /\.r00$/i.test(group.volumes[0]?.name ?? '') && head?.isFirst === true
      const missing = isWhole ? group.missing.filter((name) => !/\.rar$/i.test(name)) : group.missing
      return [{ ...group, kind: rarKind(head, group.kind), missing }]
    }
    case 'split': {
      const areVolumes = group.volumes.length > 1 && isRar(await readHead(path())) && isRar(await readHead(path(1)))
      return [areVolumes ? { ...group, kind: rarKind(await rarHead(path()), 'rar-parts') } : group]
    }
    case 'zip-disks': {
      const last = group.volumes.length - 1
      // A zip that is complete in one file is not part of the set.
      const isAlone = group.missing.length === 0 && last > 0 && (await disksOf(path(last))) === 1
      return isAlone ? group.volumes.map(({ indexes: [index = -1] }) => single(files, index)) : [group]
    }
    default:
      return [group]
  }
}

/** 7-Zip derives the names of further volumes from the naming scheme in the first one, whatever our own names are. */
function rarKind(head: RarHead | null, kind: 'rar-parts' | 'rar-volumes'): 'rar-parts' | 'rar-volumes' {
  if (head === null) return kind
  return head.hasPartNames ? 'rar-parts' : 'rar-volumes'
}

async function formatOf({ kind, volumes, missing }: Group, files: readonly ArchiveFile[]): Promise<Format | null> {
  const [
    {
      name,
      indexes: [index = -1],
    } = { name: '', indexes: [] },
  ] = volumes
  const path = files[index]?.path ?? ''
  const hasFirst = kind === 'single' || !missing.some((one) => isFirstPart(kind, one))
  switch (kind) {
    case 'single': {
      const format = formatOfName(name)
      if (format === null || hasBytesOf(format, await readHead(path))) return format
      return format === 'zip' && (await isZipBehindStub(path)) ? format : null
    }
    case 'rar-parts':
    case 'rar-volumes':
      return !hasFirst || isRar(await readHead(path)) ? 'rar' : null
    case 'zip-disks':
      return !hasFirst || hasBytesOf('zip', await readHead(path)) ? 'zip' : null
    case 'split': {
      const whole = name.replace(/\.\d+$/, '')
      const format = formatOfName(whole)
      if (!hasFirst) return format ?? 'joined'
      const head = await readHead(path)
      if (format !== null) return hasBytesOf(format, head) ? format : null
      // Without an extension, only the bytes tell what the joined file is.
      return /\.[^. ]{1,5}$/.test(whole) ? 'joined' : (formatOfBytes(head) ?? 'joined')
    }
    default:
      return kind satisfies never
  }
}

function isFirstPart(kind: ArchiveSet['kind'], name: string): boolean {
  if (kind === 'rar-volumes' && name.toLowerCase().endsWith('.rar')) return true
  return kind === 'zip-disks' ? /\.z0*1$/i.test(name) : /\.(part)?0*1(\.rar(\.0*1)?)?$/i.test(name)
}

async function readHead(path: string): Promise<Buffer> {
  return readAt(path, 0, headBytes)
}

async function rarHead(path: string): Promise<RarHead | null> {
  const [head, tail] = [await readAt(path, 0, rarHeadBytes), await readAt(path, -rarTailBytes, rarTailBytes)]
  return readRarHead(head, tail)
}

/** True when a zip starts somewhere inside the file, as in self-extracting programs. */
async function isZipBehindStub(path: string): Promise<boolean> {
  return withSize(path, async (read, sizeBytes) => {
    const directory = await readZipDirectory(read, sizeBytes)
    return directory !== null && directory.entries.length > 0
  })
}

async function disksOf(path: string): Promise<number | null> {
  return withSize(path, async (read, sizeBytes) => (await findZipEnd(read, sizeBytes))?.disks ?? null)
}

async function withSize<T>(
  path: string,
  use: (read: (offset: number, length: number) => Promise<Buffer>, sizeBytes: number) => Promise<T>,
): Promise<T> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    return await use(async (offset, length) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset)
      return buffer.subarray(0, bytesRead)
    }, size)
  } finally {
    await file.close()
  }
}

/** Reads bytes from a position; negative positions count from the end. */
async function readAt(path: string, at: number, length: number): Promise<Buffer> {
  return withSize(path, (read, sizeBytes) => read(at < 0 ? Math.max(0, sizeBytes + at) : at, length))
}
