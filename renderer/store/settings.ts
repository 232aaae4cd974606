import type { Input, Output, Player } from '../../shared/contract.ts'
import type { Hoster } from '../../shared/hoster.ts'
import type { Settings } from '../../shared/settings.ts'
import type { Slice } from './store.ts'

export interface SettingsSlice {
  /** Null until the backend has told. */
  settings: Settings | null
  players: readonly Player[] | null
  /** Paid hosters; null until they were asked for. */
  hosters: readonly Hoster[] | null
  changeSettings(change: Partial<Settings>): Promise<void>
  /** Like `changeSettings`, but the caller shows what went wrong. */
  tryChangeSettings(change: Partial<Settings>): Promise<void>
  loadPlayers(): Promise<Output<'players.list'>>
  loadHosters(): Promise<void>
  /** Rejects with why it could not be stored. */
  putHoster(input: Input<'hosters.put'>): Promise<void>
  removeHoster(host: string): Promise<void>
}

/** What the person chose, as the backend keeps it. */
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
