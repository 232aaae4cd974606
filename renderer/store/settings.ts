import type { Input, Output, Player } from '../../shared/contract.ts'
import type { Hoster } from '../../shared/hoster.ts'
import type { Settings } from '../../shared/settings.ts'
import type { Slice } from './store.ts'

export interface SettingsSlice {
  /** Null until the backend has sent them. */
  settings: Settings | null
  players: readonly Player[] | null
  /** Paid hosters; null until they are loaded. */
  hosters: readonly Hoster[] | null
  changeSettings(change: Partial<Settings>): Promise<void>
  /** Like `changeSettings`, but rejects, so that the caller can show the error. */
  tryChangeSettings(change: Partial<Settings>): Promise<void>
  loadPlayers(): Promise<Output<'players.list'>>
  loadHosters(): Promise<void>
  /** Rejects with the reason if it could not be stored. */
  putHoster(input: Input<'hosters.put'>): Promise<void>
  removeHoster(host: string): Promise<void>
}

/** The settings, a mirror of the backend's. */
export const settingsSlice: Slice<SettingsSlice> = (client) => (set, get) => {
  client.on('settings.changed', (settings) => {
    set({ settings })
    get().ensurePlace()
  })
  return {
    settings: null,
    players: null,
    hosters: null,
    changeSettings: (change) => get().attempt(() => get().tryChangeSettings(change)),
    tryChangeSettings: async (change) => {
      await client.call('settings.change', change)
    },
    loadPlayers: async () => {
      const players = await client.call('players.list', {})
      set({ players })
      return players
    },
    loadHosters: async () => set({ hosters: await client.call('hosters.list', {}) }),
    putHoster: async (input) => set({ hosters: await client.call('hosters.put', input) }),
    removeHoster: async (host) => set({ hosters: await client.call('hosters.remove', { host }) }),
  }
}
