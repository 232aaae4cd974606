import type { Database } from '../data/database.ts'
import { createConfigs } from './configs.ts'

/** What a user has chosen for the account, whichever client is used. */
export interface AccountSettings {
  /** Where transfers and uploads go that name no folder; 0 for the root. */
  defaultFolderId: number
  /** Whether what is deleted goes to the trash. */
  isTrashEnabled: boolean
  /** Whether events are noted. */
  isHistoryEnabled: boolean
}

export interface Settings {
  get(): AccountSettings
  change(changes: Partial<AccountSettings>): void
}

const defaults: AccountSettings = { defaultFolderId: 0, isTrashEnabled: true, isHistoryEnabled: true }
/** No app of a client has an empty name. */
const ownApp = ''
const name = 'settings'

export function createSettings(db: Database, userId: number): Settings {
  const configs = createConfigs(db, userId)
  const get = (): AccountSettings => {
    const { defaultFolderId, isTrashEnabled, isHistoryEnabled }: Record<string, unknown> = Object(
      configs.get(ownApp, name),
    )
    return {
      defaultFolderId: Number.isSafeInteger(defaultFolderId) ? Number(defaultFolderId) : defaults.defaultFolderId,
      isTrashEnabled: typeof isTrashEnabled === 'boolean' ? isTrashEnabled : defaults.isTrashEnabled,
      isHistoryEnabled: typeof isHistoryEnabled === 'boolean' ? isHistoryEnabled : defaults.isHistoryEnabled,
    }
  }
  return { get, change: (changes) => configs.set(ownApp, name, { ...get(), ...changes }) }
}
