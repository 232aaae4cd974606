import { open } from 'node:fs/promises'
import { type Format, formatOfName, hasBytesOf, headBytes } from './formats.ts'
import { groupParts, type PartGroup } from './parts.ts'

/** A file as the person knows it (`name`) and where its bytes are (`path`, whatever it is called there). */
export interface ArchiveFile {
  name: string
  path: string
  /** Files of different folders are never parts of one archive. */
  folder?: string
}

/** One archive that can be unpacked: its parts in reading order, the first volume first. */
export interface ArchiveSet {
  /** What to call it to the person: the name of its first part. */
  name: string
  format: Format
  kind: PartGroup['kind'] | 'single'
  parts: { name: string; path: string }[]
  /** Which of the files given are its parts. */
  fileIndexes: number[]
  /** Names of parts that must be there but are not. */
  missing: string[]
}

/**
 * Finds the archives among files, by name and first bytes both: a film called `.zip` is not one, and a `.docx` stays whole. A set
 * whose first part is missing is found by its names alone, so that the person can be told which part to add.
 */
export async function findArchives(files: readonly ArchiveFile[]): Promise<ArchiveSet[]> {
  const { groups, rest } = groupParts(
    files.map((file) => file.name),
    (index) => files[index]?.folder ?? '',
  )
  const singles = rest.map((index) => ({ kind: 'single' as const, partIndexes: [index], missing: [] }))
  const found: ArchiveSet[] = []
  for (const group of [...groups, ...singles]) {
    const parts = group.partIndexes.flatMap((index) => files[index] ?? [])
    const [first] = parts
    if (first === undefined) continue
    const format = formatOf(group.kind, first.name)
    if (format === null) continue
    const isFirstThere = group.kind === 'single' || !group.missing.some((name) => isFirstPart(group.kind, name))
    if (isFirstThere && !hasBytesOf(format, await readHead(first.path))) continue
    found.push({
      name: first.name,
      format,
      kind: group.kind,
      parts: parts.map(({ name, path }) => ({ name, path })),
      fileIndexes: group.partIndexes,
      missing: group.missing,
    })
  }
  return found.sort((a, b) => (a.fileIndexes[0] ?? 0) - (b.fileIndexes[0] ?? 0))
}

function formatOf(kind: ArchiveSet['kind'], name: string): Format | null {
  switch (kind) {
    case 'single':
      return formatOfName(name)
    case 'rar-parts':
    case 'rar-volumes':
      return 'rar'
    case 'zip-disks':
      return 'zip'
    case 'split':
      return formatOfName(name.replace(/\.\d+$/, '')) ?? 'joined'
    default:
      return kind satisfies never
  }
}

function isFirstPart(kind: ArchiveSet['kind'], name: string): boolean {
  if (kind === 'rar-volumes') return name.toLowerCase().endsWith('.rar')
  return kind === 'zip-disks' ? /\.z0*1$/i.test(name) : /\.(part)?0*1(\.rar)?$/i.test(name)
}

async function readHead(path: string): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
