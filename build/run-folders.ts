import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Temporary folders of one run of tests or benchmarks, so that leftovers can be reported and removed. */
export interface RunFolders {
  /** Environment variables that point the run and its child processes to these folders. */
  environment: Record<string, string>
  /** Removes the folders. Returns the paths that were left in them, relative to their folder. */
  remove(): string[]
}

/** Creates the folders: one in the system's temporary folder and, if the system has one, one in memory. */
export function makeRunFolders(): RunFolders {
  const disk = mkdtempSync(join(tmpdir(), 'putdesk-'))
  const memory = existsSync('/dev/shm') ? mkdtempSync('/dev/shm/putdesk-') : disk
  return {
    environment: { TMPDIR: disk, TMP: disk, TEMP: disk, PUTDESK_TEST_MEMORY: memory },
    remove: () => {
      const folders = new Set([disk, memory])
      const left = [...folders].flatMap((folder) => leftIn(folder))
      for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
      return left
    },
  }
}

/** Lists a folder. The folder of a test file is listed by its contents. */
function leftIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const inside = entry.isDirectory() ? readdirSync(join(folder, entry.name)) : []
    return inside.length === 0 ? [entry.name] : inside.map((name) => join(entry.name, name))
  })
}
