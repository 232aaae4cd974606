import { renameSync } from 'node:fs'
import { rename, unlink } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'

/** Two seconds in all. */
const pausesMs = [10, 20, 50, 100, 200, 400, 500, 700]
const passing = new Set(['EACCES', 'EBUSY', 'EPERM'])

/**
 * Renames a file over another. Windows refuses that while any program has one of the two open, which scanners and indexers do for
 * a moment after every write: there it is tried again for two seconds. Throws what the file system says.
 */
export function replaceFile(from: string, to: string): Promise<void> {
  return patiently(() => rename(from, to))
}

/** Removes a file, and waits as `replaceFile` does. */
export function removeFile(path: string): Promise<void> {
  return patiently(() => unlink(path))
}

async function patiently(act: () => Promise<void>): Promise<void> {
  for (const pauseMs of pausesMs) {
    try {
      return await act()
    } catch (error) {
      if (!isPassing(error)) throw error
      await wait(pauseMs)
    }
  }
  await act()
}

/** The same for where nobody can wait: it blocks the thread between the attempts. */
export function replaceFileSync(from: string, to: string): void {
  for (const pauseMs of pausesMs) {
    try {
      renameSync(from, to)
      return
    } catch (error) {
      if (!isPassing(error)) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs)
    }
  }
  renameSync(from, to)
}

function isPassing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return process.platform === 'win32' && typeof code === 'string' && passing.has(code)
}
