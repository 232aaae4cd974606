import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { accountsGroup } from '../accounts/accounts.ts'
import { JsonFile, type JsonFileOptions } from '../files/json-file.ts'
import { settingsGroup } from './settings.ts'

/** The settings file: the person's settings and which accounts there are. */
export function openSettingsFile(folder: string, told: Pick<JsonFileOptions, 'tell' | 'onSaved'>): JsonFile {
  return new JsonFile({
    path: join(folder, 'settings.json'),
    title: 'settings file',
    contents: 'settings',
    whatToDo: 'Add your accounts again, and look through the settings.',
    groups: { settings: settingsGroup, accounts: accountsGroup },
    copies: ['settings.last-good.json', 'settings.last-good.1.json'].map((name) => join(folder, name)),
    // Nobody has secrets, a history or a service of their own before there was an account.
    isUsed: ['vault.json', 'history.jsonl', 'service'].some((name) => existsSync(join(folder, name))),
    ...told,
  })
}
