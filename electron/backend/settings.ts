import { defaultSettings, Settings, type SettingsChange } from '../../shared/settings.ts'
import type { KeyValueStore } from './host.ts'

/** The person's settings: read once, written at every change. */
export interface SettingsKeeper {
  current(): Settings
  change(change: SettingsChange): Settings
}

/** Reads the kept settings; a value that this version does not understand falls back to its default, the others stay. */
export function createSettings(store: KeyValueStore): SettingsKeeper {
  let settings = readSettings(store.get('settings'))
  return {
    current: () => settings,
    change: (change) => {
      settings = Settings.parse({ ...settings, ...JSON.parse(JSON.stringify(change)) })
      store.set('settings', settings)
      return settings
    },
  }
}

function readSettings(kept: unknown): Settings {
  const values: Record<string, unknown> = typeof kept === 'object' && kept !== null ? { ...kept } : {}
  const read = { ...defaultSettings }
  for (const [name, value] of Object.entries(values)) {
    const one = Settings.partial().safeParse({ [name]: value })
    if (one.success) Object.assign(read, one.data)
  }
  return Settings.parse(read)
}
