import * as z from 'zod'

/** A host name or address on the person's own network that the local service may fetch from. */
const OwnHost = z
  .string()
  .trim()
  .toLowerCase()
  .min(1)
  .max(253)
  .regex(/^(\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?)$/, 'is not a host name or an address')

/** What the person chose. Everything has a default; nothing here is a secret. */
export const Settings = z.object({
  theme: z.enum(['system', 'light', 'dark']),
  /** Null: the first player found. */
  playerId: z.string().nullable(),
  hostsOnMyNetwork: z.array(OwnHost).max(100),
  accountId: z.string().nullable(),
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
  sortBy: 'name',
  isSortDescending: false,
  sidebarWidth: 228,
  dockHeight: 244,
  isDockOpen: true,
}
