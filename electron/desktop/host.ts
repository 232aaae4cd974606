import { appendFileSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { app, nativeTheme, shell } from 'electron'
import { AppError } from '../../shared/errors.ts'
import type { Host } from '../backend/host.ts'
import { startServiceProcess, whyNoService } from './service-process.ts'
import { openSettingsFile } from './settings-file.ts'
import { createVault } from './vault.ts'

const largestLog = 5 * 1024 * 1024

/** What only Electron can do, for the backend. */
export function createHost(): Host {
  const folder = app.getPath('userData')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { store, notice } = openSettingsFile(folder)
  const writeLog = logFile(join(folder, 'putdesk.log'))
  return {
    dataFolder: folder,
    store,
    vault: createVault(join(folder, 'vault.json')),
    startNotices: notice === null ? [] : [notice],
    startService: (args) => startServiceProcess(args, writeLog),
    whyNoService,
    openWithSystem: async (path) => {
      const problem = await shell.openPath(path)
      if (problem !== '')
        throw new AppError('no-player', 'The system knows no program for this. Install a player such as mpv or VLC.', {
          cause: problem,
        })
    },
    applyTheme: (theme) => {
      nativeTheme.themeSource = theme
    },
    writeLog,
  }
}

/** Appends lines to a private file; a full one is kept once as `.1`. */
function logFile(path: string): (line: string) => void {
  if (existsSync(path) && statSync(path).size > largestLog) renameSync(path, `${path}.1`)
  return (line) => {
    try {
      appendFileSync(path, `${line}\n`, { mode: 0o600 })
    } catch {
      // A full disk must not end the app because its log cannot be written.
      console.error(line)
    }
  }
}
