import * as z from 'zod'
import { AccountId } from './account.ts'

/** A host name or address, in small letters. */
export const HostName = z
  .string()
  .trim()
  .toLowerCase()
  .min(1)
  .max(253)
  .regex(/^(\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?)$/, 'is not a host name or an address')

/** One kilobyte a second is the least with which anything arrives. */
const SpeedLimit = z.number().int().min(1000).max(1e12)

/** What the person chose. Everything has a default; nothing here is a secret. */
export const Settings = z.object({
  theme: z.enum(['system', 'light', 'dark']),
  /** Null: the first player found. */
  playerId: z.string().max(1024).nullable(),
  /** Hosts on the person's own network that the local service may fetch from. */
  hostsOnMyNetwork: z.array(HostName).max(100),
  accountId: AccountId.nullable(),
  /** Whether the local service asks the public table of addresses (DHT) who shares a torrent. */
  isDhtOn: z.boolean(),
  /** What the local service takes at most for torrents; null: no limit. */
  downloadLimitBytesPerSecond: SpeedLimit.nullable(),
  /** What the local service gives at most while a torrent is fetched; null: no limit. Seeding is not limited. */
  uploadLimitBytesPerSecond: SpeedLimit.nullable(),
  sortBy: z.enum(['name', 'kind', 'size', 'added']),
  isSortDescending: z.boolean(),
  sidebarWidth: z.number().int().min(160).max(480),
  dockHeight: z.number().int().min(96).max(800),
  isDockOpen: z.boolean(),
})
export type Settings = z.infer<typeof Settings>

/** Some of the settings, to be changed. */
export const SettingsChange = Settings.partial()
export type SettingsChange = z.infer<typeof SettingsChange>

export const defaultSettings: Settings = {
  theme: 'system',
  playerId: null,
  hostsOnMyNetwork: [],
  accountId: null,
  isDhtOn: true,
  downloadLimitBytesPerSecond: null,
  uploadLimitBytesPerSecond: null,
  sortBy: 'name',
  isSortDescending: false,
  sidebarWidth: 228,
  dockHeight: 244,
  isDockOpen: true,
}
