import { closeSync, existsSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { ArchiveSet } from './find-archives.ts'
import { cannotWrite, pieces } from './output.ts'

const chunkBytes = 1024 * 1024

/** All files of an archive, in reading order. */
export function pathsOf({ parts }: ArchiveSet): string[] {
  return parts.flatMap(({ paths }) => paths)
}

/** The volumes of an archive under names of our own, so that no untrusted name reaches a command line and 7-Zip finds them all. */
export function volumesOf(set: ArchiveSet, into: string): { name: string; path: string }[] {
  return set.parts.map(({ paths }, index) => {
    const name = volumeName(set, index)
    const path = paths.length === 1 ? (paths[0] ?? '') : joined(name, paths, { archive: set.name, into })
    return { name, path }
  })
}

function volumeName({ kind, format, parts }: ArchiveSet, index: number): string {
  const number = index + 1
  switch (kind) {
    case 'single':
      return `archive.${format}`
    case 'rar-parts':
      return `archive.part${`${number}`.padStart(4, '0')}.rar`
    case 'rar-volumes': {
      const letter = String.fromCharCode('r'.charCodeAt(0) + Math.floor((index - 1) / 100))
      return index === 0 ? 'archive.rar' : `archive.${letter}${`${(index - 1) % 100}`.padStart(2, '0')}`
    }
    case 'zip-disks':
      return number === parts.length ? 'archive.zip' : `archive.z${`${number}`.padStart(2, '0')}`
    case 'split':
      return `archive.${format}.${threeDigits(number)}`
    default:
      return kind satisfies never
  }
}

export function threeDigits(number: number): string {
  return `${number}`.padStart(3, '0')
}

/** Creates a folder for temporary files inside the output folder. */
export function piecesFolder(into: string): string {
  const folder = join(into, pieces)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

/** Joins the pieces of a volume into one file, because 7-Zip does not support pieces of volumes. */
function joined(name: string, paths: readonly string[], { archive, into }: { archive: string; into: string }): string {
  const whole = join(piecesFolder(into), name)
  if (existsSync(whole)) return whole
  try {
    for (const path of paths) appendTo(whole, path)
  } catch (cause) {
    throw cannotWrite(archive, cause)
  }
  return whole
}

function appendTo(whole: string, path: string): void {
  const [from, to] = [openSync(path, 'r'), openSync(whole, 'a', 0o600)]
  const piece = Buffer.allocUnsafe(chunkBytes)
  try {
    for (let count = readSync(from, piece); count > 0; count = readSync(from, piece)) {
      for (let rest = piece.subarray(0, count); rest.length > 0; ) rest = rest.subarray(writeSync(to, rest))
    }
  } finally {
    closeSync(from)
    closeSync(to)
  }
}
