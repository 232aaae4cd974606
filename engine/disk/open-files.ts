import { readSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

const idleMs = 2000
const quickMs = 1
const slowMs = 3

/** A position in a file, and the buffer that its bytes go to. */
interface Piece {
  buffer: Buffer
  offset: number
  length: number
  position: number
}

/** A file that is open for reading. It is given back with `release`. */
export interface OpenFile {
  file: FileHandle
  sizeBytes: number
  /** Reads a small piece and returns the number of bytes read. */
  readSmall: (piece: Piece) => Promise<number> | number
  release: () => void
}

interface Entry {
  opening: Promise<Omit<OpenFile, 'release'>>
  users: number
  closing: NodeJS.Timeout | null
}

const entries = new Map<string, Entry>()

/**
 * Opens a file that never changes. Readers share it, and it stays open for a moment afterwards, because a player asks for one
 * range after another.
 */
export async function takeFile(path: string): Promise<OpenFile> {
  const entry = entries.get(path) ?? { opening: openFile(path), users: 0, closing: null }
  entries.set(path, entry)
  entry.users += 1
  if (entry.closing !== null) clearTimeout(entry.closing)
  const release = () => {
    entry.users -= 1
    if (entry.users > 0) return
    if (entries.get(path) !== entry) close(entry)
    else entry.closing = setTimeout(() => forgetFile(path), idleMs)
  }
  try {
    return { ...(await entry.opening), release }
  } catch (error) {
    if (entries.get(path) === entry) entries.delete(path)
    throw error
  }
}

/** Closes a file as soon as its last reader is done, because it is about to be removed. */
export function forgetFile(path: string): void {
  const entry = entries.get(path)
  entries.delete(path)
  if (entry === undefined) return
  if (entry.closing !== null) clearTimeout(entry.closing)
  if (entry.users === 0) close(entry)
}

async function openFile(path: string): Promise<Omit<OpenFile, 'release'>> {
  const file = await open(path, 'r')
  try {
    const found = await file.stat()
    if (!found.isFile()) throw Object.assign(new Error(`“${path}” is not a file`), { code: 'EISDIR' })
    return { file, sizeBytes: found.size, readSmall: smallReader(file) }
  } catch (error) {
    await file.close()
    throw error
  }
}

/**
 * Reads synchronously what is in the system's memory: doing it in another thread takes several times as long. The first read that
 * has to wait for the disk ends that for this file.
 */
function smallReader(file: FileHandle): OpenFile['readSmall'] {
  let isQuick = false
  let isSlow = false
  const inThread = async ({ buffer, offset, length, position }: Piece) => {
    const startedAtMs = performance.now()
    const { bytesRead } = await file.read(buffer, offset, length, position)
    isQuick = !isSlow && performance.now() - startedAtMs < quickMs
    return bytesRead
  }
  return (piece) => {
    if (!isQuick) return inThread(piece)
    const startedAtMs = performance.now()
    const bytesRead = readSync(file.fd, piece.buffer, piece.offset, piece.length, piece.position)
    isSlow = performance.now() - startedAtMs > slowMs
    isQuick = !isSlow
    return bytesRead
  }
}

function close({ opening }: Entry): void {
  // A file that failed to open needs no closing, and errors on closing a file that was only read do not matter.
  opening.then(({ file }) => file.close()).catch(() => undefined)
}
