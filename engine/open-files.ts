import { type FileHandle, open } from 'node:fs/promises'

const idleMs = 2000

/** A file that is open for reading. It is given back with `release`. */
export interface OpenFile {
  file: FileHandle
  sizeBytes: number
  release: () => void
}

interface Entry {
  opening: Promise<{ file: FileHandle; sizeBytes: number }>
  users: number
  closing: NodeJS.Timeout | null
}

const entries = new Map<string, Entry>()

/**
 * Opens a file that never changes: once for all who read it at the same time, and for a moment after, because a player asks for
 * one range after the other.
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
  } catch (fault) {
    if (entries.get(path) === entry) entries.delete(path)
    throw fault
  }
}

/** Closes a file as soon as nobody reads it any more: it is about to be removed. */
export function forgetFile(path: string): void {
  const entry = entries.get(path)
  entries.delete(path)
  if (entry === undefined) return
  if (entry.closing !== null) clearTimeout(entry.closing)
  if (entry.users === 0) close(entry)
}

async function openFile(path: string): Promise<{ file: FileHandle; sizeBytes: number }> {
  const file = await open(path, 'r')
  try {
    return { file, sizeBytes: (await file.stat()).size }
  } catch (fault) {
    await file.close()
    throw fault
  }
}

function close({ opening }: Entry): void {
  // One that could not be opened needs no closing, and of a file that was only read no fault matters.
  opening.then(({ file }) => file.close()).catch(() => undefined)
}
