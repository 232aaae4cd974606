import type { Output, Player } from '../../shared/contract.ts'
import type { Settings } from '../../shared/settings.ts'
import type { Slice } from './store.ts'

export interface SettingsSlice {
  /** Null until the backend has told. */
  settings: Settings | null
  players: readonly Player[] | null
  changeSettings(change: Partial<Settings>): Promise<void>
  /** Like `changeSettings`, but the caller shows what went wrong. */
  tryChangeSettings(change: Partial<Settings>): Promise<void>
  loadPlayers(): Promise<Output<'players.list'>>
}

/** What the person chose, as the backend keeps it. */
export const settingsSlice: Slice<SettingsSlice> = (client) => (set, get) => {
  client.on('settings.changed', (settings) => {
    set({ settings })
    get().settlePlace()
  })
  return {
    settings: null,
    players: null,
    changeSettings: (change) => get().attempt(() => get().tryChangeSettings(change)),
    tryChangeSettings: async (change) => {
      await client.call('settings.change', change)
    },
    loadPlayers: async () => {
      const players = await client.call('players.list', {})
      set({ players })
      return players
    },
  }
}
