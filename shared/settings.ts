import * as z from 'zod'
import { AccountId } from './account.ts'

/** A host name or IP address, in lower case. */
export const HostName = z
  .string()
  .trim()
  .toLowerCase()
  .min(1)
  .max(253)
  .regex(/^(\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?)$/, 'is not a host name or an address')

/** A language such as `de` or `pt-BR`. */
const LanguageCode = z
  .string()
  .max(64)
  .regex(/^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$/, 'is not the code of a language')

/** Below one kilobyte a second, nothing would ever arrive. */
const SpeedLimit = z.number().int().min(1000).max(1e12)

/** Source: API v2 §21, U0. */
const PutioAppId = z
  .string()
  .max(20)
  .regex(/^[0-9]+$/, 'is not the number of an app')

/** The person's settings. Each has a default; none is a secret. */
export const Settings = z.object({
  theme: z.enum(['system', 'light', 'dark']),
  /** The player for films; null means the first one found. */
  playerId: z.string().max(1024).nullable(),
  /** The player for sound; null means the same as for films. */
  soundPlayerId: z.string().max(1024).nullable(),
  /** A command that starts a player, with placeholders; see `own-player.ts`. */
  ownPlayer: z.string().min(1).max(4096).nullable(),
  /** Languages of subtitles, the preferred one first; empty means the system's. */
  subtitleLanguages: z.array(LanguageCode).max(10),
  /** Hosts on the person's own network that the local service may fetch from. */
  hostsOnMyNetwork: z.array(HostName).max(100),
  accountId: AccountId.nullable(),
  /** The number under which this app is registered at Put.io; null means the one that it was built with. */
  putioAppId: PutioAppId.nullable(),
  /** Whether the local service finds peers through the DHT. */
  isDhtOn: z.boolean(),
  /** The local service's download limit for torrents; null means no limit. */
  downloadLimitBytesPerSecond: SpeedLimit.nullable(),
  /** The local service's upload limit while a torrent is downloading; null means no limit. Seeding is not limited. */
  uploadLimitBytesPerSecond: SpeedLimit.nullable(),
  /** The limit for everything that is saved on this computer; null means no limit. */
  saveLimitBytesPerSecond: SpeedLimit.nullable(),
  /** After how many days deleted items leave the local service's trash; 0 for never. */
  trashDays: z.number().int().min(0).max(3650),
  /** Saving stops when less than this is free on a disk, or less than a tenth of a small disk. */
  saveReserveBytes: z.number().int().min(0).max(1e13),
  /** How the list shows items. */
  view: z.enum(['list', 'grid']),
  /** Whether pictures and films have thumbnails, for which parts of them are read. */
  hasThumbnails: z.boolean(),
  sortBy: z.enum(['name', 'kind', 'size', 'added']),
  isSortDescending: z.boolean(),
  sidebarWidth: z.number().int().min(160).max(480),
  dockHeight: z.number().int().min(96).max(800),
  isDockOpen: z.boolean(),
  /** What closing the window does; `ask` until the person has chosen. */
  closeAction: z.enum(['ask', 'hide', 'quit']),
  /** Whether the computer stays awake while something moves. */
  isSleepPrevented: z.boolean(),
  /** What the system's notifications tell while the window does not have the focus. */
  notifiesDone: z.boolean(),
  notifiesFailed: z.boolean(),
  notifiesDiskFull: z.boolean(),
})
export type Settings = z.infer<typeof Settings>

/** The settings to change. */
export const SettingsChange = Settings.partial()
export type SettingsChange = z.infer<typeof SettingsChange>

export const defaultSettings: Settings = {
  theme: 'system',
  playerId: null,
  soundPlayerId: null,
  ownPlayer: null,
  subtitleLanguages: [],
  hostsOnMyNetwork: [],
  accountId: null,
  putioAppId: null,
  isDhtOn: true,
  downloadLimitBytesPerSecond: null,
  uploadLimitBytesPerSecond: null,
  saveLimitBytesPerSecond: null,
  trashDays: 14,
  saveReserveBytes: 1e9,
  view: 'list',
  hasThumbnails: true,
  sortBy: 'name',
  isSortDescending: false,
  sidebarWidth: 228,
  dockHeight: 244,
  isDockOpen: true,
  closeAction: 'ask',
  isSleepPrevented: true,
  notifiesDone: true,
  notifiesFailed: true,
  notifiesDiskFull: true,
}
