import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { replaceFileSync } from '../../../engine/disk/replace-file.ts'
import type { DataFiles } from './data-files.ts'

/**
 * Records the database's checksum and modification time at closing, because SQLite itself notices only structural
 * damage. Call it when the database is closed. Does nothing if another process has opened it since.
 */
export function seal({ path, seal: note }: DataFiles): void {
  if (!existsSync(`${path}-wal`)) writeFileSync(note, `${JSON.stringify(stateOf(path))}\n`, { mode: 0o600 })
}

/**
 * Compares the database with its seal: `intact`, also when there is no seal; `corrupted` when its bytes changed without a
 * write; `edited` when a program wrote it.
 */
export function readSeal({ path, seal: note }: DataFiles): 'intact' | 'corrupted' | 'edited' {
  const sealed = existsSync(note) ? parseSeal(readFileSync(note, 'utf8')) : null
  if (sealed === null || !existsSync(path)) return 'intact'
  const current = stateOf(path)
  if (sealed.checksum === current.checksum && sealed.sizeBytes === current.sizeBytes) return 'intact'
  return sealed.writtenAt === current.writtenAt ? 'corrupted' : 'edited'
}

export function removeSeal({ seal: note }: DataFiles): void {
  rmSync(note, { force: true })
}

/** Identifies a copy by its content, wherever it is moved. */
export interface FileChecksum {
  sizeBytes: number
  checksum: number
}

/** The newest copy, the older one, and one that is about to take their place. */
const maxRecorded = 3
/** Far more than three lines take. */
const maxRecordBytes = 4096

/** Records a copy that was checked whole. Call it before the copy gets its final name. */
export function recordGoodCopy({ goodCopies }: DataFiles, sum: FileChecksum): void {
  const known = readChecksums(goodCopies).filter((one) => !isSame(one, sum))
  const lines = [...known, sum].slice(-maxRecorded).map((one) => `${lineOf(one)}\n`)
  writeFileSync(`${goodCopies}.new`, lines.join(''), { mode: 0o600, flush: true })
  replaceFileSync(`${goodCopies}.new`, goodCopies)
}

/** True when a copy is byte for byte one that was recorded as good. */
export function isKnownGood({ goodCopies }: DataFiles, copy: string): boolean {
  const known = readChecksums(goodCopies)
  if (known.length === 0 || statSync(copy, { throwIfNoEntry: false })?.isFile() !== true) return false
  const sum = checksumOf(readFileSync(copy))
  return known.some((one) => isSame(one, sum))
}

function readChecksums(path: string): FileChecksum[] {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isFile() !== true || found.size > maxRecordBytes) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, sizeBytes = '', checksum = ''] = /^(\d+) (\d+) \d+$/.exec(line) ?? []
      const sum = { sizeBytes: Number(sizeBytes), checksum: Number(checksum) }
      return line !== '' && line === lineOf(sum) ? [sum] : []
    })
}

function isSame(a: FileChecksum, b: FileChecksum): boolean {
  return a.sizeBytes === b.sizeBytes && a.checksum === b.checksum
}

/** The last number is the checksum of the others, so that a damaged line is ignored. */
function lineOf({ sizeBytes, checksum }: FileChecksum): string {
  return `${sizeBytes} ${checksum} ${crc32(`${sizeBytes} ${checksum}`)}`
}

function checksumOf(bytes: Buffer): FileChecksum {
  return { sizeBytes: bytes.length, checksum: crc32(bytes) }
}

interface State extends FileChecksum {
  writtenAt: string
  /** A checksum of the other fields, so that a damaged seal is ignored. */
  proof: number
}

function stateOf(path: string): State {
  const bytes = readFileSync(path)
  const writtenAt = `${statSync(path, { bigint: true }).mtimeNs}`
  return withProof({ ...checksumOf(bytes), writtenAt })
}

function withProof(state: Omit<State, 'proof'>): State {
  return { ...state, proof: crc32(`${state.sizeBytes} ${state.checksum} ${state.writtenAt}`) }
}

function parseSeal(note: string): State | null {
  const [, sizeBytes = '', checksum = '', writtenAt = '', proof = ''] =
    /^\{"sizeBytes":(\d+),"checksum":(\d+),"writtenAt":"(\d+)","proof":(\d+)\}\n$/.exec(note) ?? []
  const state = withProof({ sizeBytes: Number(sizeBytes), checksum: Number(checksum), writtenAt })
  return proof !== '' && state.proof === Number(proof) ? state : null
}
