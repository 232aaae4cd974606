import { expect, it } from 'vitest'
import { putioAppIdOf } from '../../../shared/putio-app.ts'
import { defaultSettings, Settings } from '../../../shared/settings.ts'
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

it('uses the valid settings of a file from another version or edited by hand', () => {
  const store = storeOf({ theme: 'dark', sidebarWidth: 'wide', dockHeight: 1e9, playerId: 'vlc', future: 1 })
  expect(createSettings(store).current()).toEqual({ ...defaultSettings, theme: 'dark', playerId: 'vlc' })
})

it('writes only what was changed, and keeps settings that it does not understand', () => {
  const store = storeOf({ sidebarWidth: 'wide', future: 1 })
  createSettings(store).change({ theme: 'light' })
  expect(Object.fromEntries(store.values)).toEqual({ theme: 'light', sidebarWidth: 'wide', future: 1 })
})

it('has the app id of the settings, and none where neither they nor the build have one', () => {
  expect([putioAppIdOf({ putioAppId: '4711' }), putioAppIdOf({ putioAppId: null })]).toEqual(['4711', null])
})

it.each(['', 'x', '12 ', '1'.repeat(21), 5])('does not take %j as an app id', (wrong) => {
  expect(Settings.shape.putioAppId.safeParse(wrong).success).toBe(false)
})
