import { defaultSettings, Settings, type SettingsChange } from '../../../shared/settings.ts'
import type { Group } from '../files/json-content.ts'
import type { JsonFile } from '../files/json-file.ts'

/** The user's settings: read once, written at every change. */
export interface SettingsKeeper {
  current(): Settings
  change(change: SettingsChange): Settings
}

const group = 'settings'
const fields = new Map(Object.entries(Settings.shape))

/** The settings in the settings file, by name. Unknown names belong to a later version and are kept. */
export const settingsGroup: Group = {
  nouns: ['setting', 'settings'],
  isGood: (name, value) => fields.get(name)?.safeParse(value).success ?? true,
}

/** Reads the stored settings. A value that this version does not understand falls back to its default, and stays in the file until the user changes it. */
export function createSettings(file: Pick<JsonFile, 'entries' | 'put'>): SettingsKeeper {
  let settings = Settings.parse({ ...defaultSettings, ...Object.fromEntries(file.entries(group)) })
  return {
    current: () => settings,
    change: (change) => {
      const changed = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
      settings = Settings.parse({ ...settings, ...changed })
      file.put(group, Object.fromEntries(Object.entries(settings).filter(([name]) => name in changed)))
      return settings
    },
  }
}
