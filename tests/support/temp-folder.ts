import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const made = new Set<string>()

/** Creates a private folder. It is removed when the test file has ended, whether or not its tests passed; in a script, when it exits. */
export function temporaryFolder(name: string): string {
  return makeIn(tmpdir(), name)
}

/** Creates such a folder in memory where the system supports that, for work that would otherwise wait for the disk. */
export function memoryFolder(name: string): string {
  const place = process.env.PUTDESK_TEST_MEMORY ?? (existsSync('/dev/shm') ? '/dev/shm' : tmpdir())
  return makeIn(place, name)
}

/** Removes every folder created here. */
export function removeTemporaryFolders(): void {
  for (const folder of made) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  made.clear()
}

process.once('exit', removeTemporaryFolders)

function makeIn(place: string, name: string): string {
  const folder = mkdtempSync(join(place, `putdesk-${name}-`))
  made.add(folder)
  return folder
}
