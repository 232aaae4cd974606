import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const syncProgram = '/usr/bin/sync'
const fewFiles = 64
const atOnce = 16

/** Syncs files and their folder to disk. Many files are synced with one call for the whole file system, if available. */
export async function syncFiles(folder: string, files: readonly string[]): Promise<void> {
  if (files.length <= fewFiles || !(await syncFileSystem(folder))) {
    const rest = [...files]
    const worker = async () => {
      for (let file = rest.pop(); file !== undefined; file = rest.pop()) await syncOne(file, 'r+')
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
  }
  await syncFolder(folder)
  await syncFolder(dirname(folder))
}

/** Syncs a folder's entries to disk; Windows has no such call and needs none. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform !== 'win32') await syncOne(folder, 'r')
}

async function syncFileSystem(folder: string): Promise<boolean> {
  if (process.platform !== 'linux' || !existsSync(syncProgram)) return false
  try {
    await run(syncProgram, ['-f', '--', folder], { env: {} })
    return true
  } catch {
    // An older `sync` lacks this option; a failing disk is reported when the files are synced one by one.
    return false
  }
}

async function syncOne(path: string, flags: 'r' | 'r+'): Promise<void> {
  const handle = await open(path, flags)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
