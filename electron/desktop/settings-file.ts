import { copyFileSync, existsSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import ElectronStore from 'electron-store'
import type { KeyValueStore } from '../backend/host.ts'

/**
 * The settings file. A damaged one is never written over: it is kept aside under the date, the last good copy takes its place,
 * and the sentence in `notice` says so.
 */
export function openSettingsFile(folder: string): { store: KeyValueStore; notice: string | null } {
  const path = join(folder, 'settings.json')
  const lastGood = join(folder, 'settings.last-good.json')
  const notice = existsSync(path) && !isReadable(path) ? restore(path, lastGood) : null
  const store = new ElectronStore<Record<string, unknown>>({ cwd: folder, name: 'settings', clearInvalidConfig: false })
  if (existsSync(path)) copyFileSync(path, lastGood)
  return {
    notice,
    store: {
      get: (key) => store.get(key),
      set: (key, value) => {
        store.set(key, value)
        copyFileSync(path, lastGood)
      },
    },
  }
}

function restore(path: string, lastGood: string): string {
  const aside = `settings.damaged-${new Date().toISOString().replaceAll(':', '-')}.json`
  renameSync(path, join(path, '..', aside))
  if (!existsSync(lastGood) || !isReadable(lastGood)) {
    return `The settings file was damaged and there was no good copy of it. It was kept as ${aside}; the settings start anew.`
  }
  copyFileSync(lastGood, path)
  return `The settings file was damaged. The last good settings are back; the damaged file was kept as ${aside}.`
}

function isReadable(path: string): boolean {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    // Whatever is wrong with it, it is not a settings file.
    return false
  }
}
