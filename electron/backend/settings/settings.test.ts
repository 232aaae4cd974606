import { expect, it } from 'vitest'
import { defaultSettings } from '../../../shared/settings.ts'
import { createSettings, settingsGroup } from './settings.ts'

function storeOf(kept: Record<string, unknown>) {
  const values = new Map<string, unknown>(Object.entries(kept))
  return {
    entries: () => new Map([...values].filter(([name, value]) => settingsGroup.isGood(name, value))),
    put: (_group: string, changes: Readonly<Record<string, unknown>>) => {
      for (const [name, value] of Object.entries(changes)) values.set(name, value)
      return null
    },
    values,
  }
}

it('keeps what it understands of settings from another version or a careless hand', () => {
  const store = storeOf({ theme: 'dark', sidebarWidth: 'wide', dockHeight: 1e9, playerId: 'vlc', future: 1 })
  expect(createSettings(store).current()).toEqual({ ...defaultSettings, theme: 'dark', playerId: 'vlc' })
})

it('writes every change at once, and nothing else: what it does not understand stays', () => {
  const store = storeOf({ sidebarWidth: 'wide', future: 1 })
  createSettings(store).change({ theme: 'light' })
  expect(Object.fromEntries(store.values)).toEqual({ theme: 'light', sidebarWidth: 'wide', future: 1 })
})
