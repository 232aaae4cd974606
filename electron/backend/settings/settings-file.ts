import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { accountsGroup } from '../accounts/accounts.ts'
import { JsonFile, type JsonFileOptions } from '../files/json-file.ts'
import { settingsGroup } from './settings.ts'

/** Opens the settings file, which holds the user's settings and the list of accounts. */
export function openSettingsFile(folder: string, told: Pick<JsonFileOptions, 'tell' | 'onSaved'>): JsonFile {
  return new JsonFile({
    path: join(folder, 'settings.json'),
    title: 'settings file',
    contents: 'settings',
    whatToDo: 'Add your accounts again, and look through the settings.',
    groups: { settings: settingsGroup, accounts: accountsGroup },
    copies: ['settings.last-good.json', 'settings.last-good.1.json'].map((name) => join(folder, name)),
    // Any of these exists only after an account was added.
    isUsed: ['vault.json', 'history.jsonl', 'service'].some((name) => existsSync(join(folder, name))),
    ...told,
  })
}
