import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { replaceFileSync } from '../../../engine/disk/replace-file.ts'
import type { DataFiles } from './data-files.ts'

/**
 * Notes the checksum and the time of the database as the service leaves it, for SQLite itself notices only damage to the form of a
 * file, not to what is in it. To be called when the database is closed; one that another run has opened since is not sealed.
 */
export function seal({ path, seal: note }: DataFiles): void {
  if (!existsSync(`${path}-wal`)) writeFileSync(note, `${JSON.stringify(stateOf(path))}\n`, { mode: 0o600 })
}

/**
 * How the database is, beside how it was left: `same`, also where nobody knows; `rotten` when its bytes changed although no program
 * wrote it; `edited` when one did.
 */
export function readSeal({ path, seal: note }: DataFiles): 'same' | 'rotten' | 'edited' {
  const sealed = existsSync(note) ? parseSeal(readFileSync(note, 'utf8')) : null
  if (sealed === null || !existsSync(path)) return 'same'
  const current = stateOf(path)
  if (sealed.checksum === current.checksum && sealed.sizeBytes === current.sizeBytes) return 'same'
  return sealed.writtenAt === current.writtenAt ? 'rotten' : 'edited'
}

export function removeSeal({ seal: note }: DataFiles): void {
  rmSync(note, { force: true })
}

/** A copy by its bytes alone: it keeps them wherever it is moved. */
export interface FileChecksum {
  sizeBytes: number
  checksum: number
}

/** The newest copy, the older one, and one that is not in its place yet. */
const maxRecorded = 3
/** Three lines take far less. */
const maxRecordBytes = 4096

/** Notes a copy that was read whole and found good. To be called before it gets its place. */
export function recordGoodCopy({ goodCopies }: DataFiles, sum: FileChecksum): void {
  const known = readChecksums(goodCopies).filter((one) => !isSame(one, sum))
  const lines = [...known, sum].slice(-maxRecorded).map((one) => `${lineOf(one)}\n`)
  writeFileSync(`${goodCopies}.new`, lines.join(''), { mode: 0o600, flush: true })
  replaceFileSync(`${goodCopies}.new`, goodCopies)
}

/** True when a copy is, byte for byte, one that was found good. */
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

/** The last number is the checksum of the others: a damaged line vouches for nothing. */
function lineOf({ sizeBytes, checksum }: FileChecksum): string {
  return `${sizeBytes} ${checksum} ${crc32(`${sizeBytes} ${checksum}`)}`
}

function checksumOf(bytes: Buffer): FileChecksum {
  return { sizeBytes: bytes.length, checksum: crc32(bytes) }
}

interface State extends FileChecksum {
  writtenAt: string
  /** Of these three: a damaged note says nothing. */
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
