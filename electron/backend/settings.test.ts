import { expect, it } from 'vitest'
import { defaultSettings } from '../../shared/settings.ts'
import { createSettings } from './settings.ts'

function storeOf(kept: unknown) {
  const values = new Map<string, unknown>([['settings', kept]])
  return {
    get: (key: string) => values.get(key),
    set: (key: string, value: unknown) => void values.set(key, value),
    values,
  }
}

it('keeps what it understands of settings from another version or a careless hand', () => {
  const store = storeOf({ theme: 'dark', sidebarWidth: 'wide', dockHeight: 1e9, playerId: 'vlc', future: 1 })
  expect(createSettings(store).current()).toEqual({ ...defaultSettings, theme: 'dark', playerId: 'vlc' })
})

it.each([null, undefined, 7, 'x', []])('starts with the defaults from %j', (kept) => {
  expect(createSettings(storeOf(kept)).current()).toEqual(defaultSettings)
})

it('writes every change at once, the untouched values with it', () => {
  const store = storeOf(undefined)
  createSettings(store).change({ theme: 'light' })
  expect(store.values.get('settings')).toEqual({ ...defaultSettings, theme: 'light' })
})
