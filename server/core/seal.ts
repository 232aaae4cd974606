import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import type { DataFiles } from './restore.ts'

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
  const said = existsSync(note) ? parse(readFileSync(note, 'utf8')) : null
  if (said === null || !existsSync(path)) return 'same'
  const is = stateOf(path)
  if (said.checksum === is.checksum && said.sizeBytes === is.sizeBytes) return 'same'
  return said.writtenAt === is.writtenAt ? 'rotten' : 'edited'
}

export function breakSeal({ seal: note }: DataFiles): void {
  rmSync(note, { force: true })
}

interface State {
  sizeBytes: number
  checksum: number
  writtenAt: string
  /** Of these three: a damaged note says nothing. */
  proof: number
}

function stateOf(path: string): State {
  const bytes = readFileSync(path)
  const writtenAt = `${statSync(path, { bigint: true }).mtimeNs}`
  return proven({ sizeBytes: bytes.length, checksum: crc32(bytes), writtenAt })
}

function proven(state: Omit<State, 'proof'>): State {
  return { ...state, proof: crc32(`${state.sizeBytes} ${state.checksum} ${state.writtenAt}`) }
}

function parse(note: string): State | null {
  const [, sizeBytes = '', checksum = '', writtenAt = '', proof = ''] =
    /^\{"sizeBytes":(\d+),"checksum":(\d+),"writtenAt":"(\d+)","proof":(\d+)\}\n$/.exec(note) ?? []
  const state = proven({ sizeBytes: Number(sizeBytes), checksum: Number(checksum), writtenAt })
  return proof !== '' && state.proof === Number(proof) ? state : null
}
