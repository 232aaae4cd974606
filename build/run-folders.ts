import { existsSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { freemem, release, tmpdir } from 'node:os'
import { join } from 'node:path'

/** Temporary folders of one run of tests or benchmarks, so that leftovers can be reported and removed. */
export interface RunFolders {
  /** Environment variables that point the run and its child processes to these folders. */
  environment: Record<string, string>
  /** Removes the folders. Returns the paths that were left in them, relative to their folder. */
  remove(): string[]
}

/** A file system in memory, where Linux has one. */
const inMemory = '/dev/shm'
/** What a run of the tests needs at most, with room to spare. */
const testsNeedBytes = 6e9

/**
 * Creates the folders: one in the system's temporary folder and, if the system has one, one in memory. With `isQuick`, both are in
 * memory where there is room: nothing then waits for a disk.
 */
export function makeRunFolders({ isQuick = false } = {}): RunFolders {
  const memory = existsSync(inMemory) ? mkdtempSync(join(inMemory, 'putdesk-')) : null
  const folder = isQuick && memory !== null && canBeInMemory() ? memory : mkdtempSync(join(tmpdir(), 'putdesk-'))
  // PulseAudio's library, which Chromium and players use, would make such a folder wherever one of them looks for temporary files.
  const pulse = join(folder, 'pulse')
  return {
    environment: {
      TMPDIR: folder,
      TMP: folder,
      TEMP: folder,
      PUTDESK_TEST_MEMORY: memory ?? folder,
      PULSE_RUNTIME_PATH: pulse,
    },
    remove: () => {
      rmSync(pulse, { recursive: true, force: true })
      const folders = new Set([folder, memory ?? folder])
      const left = [...folders].flatMap((one) => leftIn(one))
      for (const one of folders) rmSync(one, { recursive: true, force: true, maxRetries: 5 })
      return left
    },
  }
}

/** Saved files are marked with their origin in an attribute, which files in memory have since Linux 6.6. */
function canBeInMemory(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number)
  if (major < 6 || (major === 6 && minor < 6)) return false
  const { bavail, bsize } = statfsSync(inMemory)
  return Math.min(bavail * bsize, freemem()) > testsNeedBytes
}

/** Lists a folder. The folder of a test file is listed by its contents. */
function leftIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const inside = entry.isDirectory() ? readdirSync(join(folder, entry.name)) : []
    return inside.length === 0 ? [entry.name] : inside.map((name) => join(entry.name, name))
  })
}
