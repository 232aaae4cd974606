import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Temporary folders that one run of tests or benches has to itself, so that whatever it leaves behind is found and removed. */
export interface RunFolders {
  /** Points the run, and every process it starts, at these folders. */
  environment: Record<string, string>
  /** Removes the folders; returns the paths that were left in them, relative to their folder. */
  remove(): string[]
}

/** Makes the folders: one in the system's temporary folder and, where the system has one, one in memory. */
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

/** Names what is in a folder. A test file's own folder is named only with what is in it. */
function leftIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const inside = entry.isDirectory() ? readdirSync(join(folder, entry.name)) : []
    return inside.length === 0 ? [entry.name] : inside.map((name) => join(entry.name, name))
  })
}
