import type { Account } from '../../shared/account.ts'
import { noCapabilities } from '../../shared/capabilities.ts'
import type { Crumb, ItemColumns, ItemId } from '../../shared/item.ts'
import { itemKinds, namesOf } from '../../shared/item-kinds.ts'
import type { Settings } from '../../shared/settings.ts'
import { type FolderKey, folderKey, folderOfKey } from './keys.ts'

export const version = 1

/** The last state of the window. It contains only what was on the screen, no secrets. */
export interface Remembered {
  accounts: readonly Account[]
  settings: Settings
  place: { accountId: string; folderId: ItemId }
  path: readonly Crumb[]
  expanded: readonly string[]
  tree: readonly (readonly [FolderKey, readonly Crumb[]])[]
  items: ItemColumns | null
}

/**
 * Parses the state that an earlier window stored; null if any part is invalid. (Without zod, which the page does not load.)
 */
export function parseRemembered(value: unknown): Remembered | null {
  const parts = partsOf(value)
  if (parts.get('version') !== version) return null
  const accounts = listOf(parts.get('accounts'), toAccount)
  const settings = toSettings(partsOf(parts.get('settings')))
  const place = toPlace(partsOf(parts.get('place')))
  const path = listOf(parts.get('path'), toCrumb)
  const expanded = listOf(parts.get('expanded'), toText)
  const tree = listOf(parts.get('tree'), toBranch)
  const items = parts.get('items') === null ? null : toColumns(partsOf(parts.get('items')))
  if (!accounts || !settings || !place || !path || !expanded || !tree || items === undefined) return null
  return { accounts, settings, place, path, expanded, tree, items }
}

function partsOf(value: unknown): Map<string, unknown> {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : [])
}

/** All parsed members, or null if one is invalid. */
function listOf<T>(value: unknown, toMember: (member: unknown) => T | null): T[] | null {
  if (!Array.isArray(value)) return null
  const members = value.map(toMember).filter((member) => member !== null)
  return members.length === value.length ? members : null
}

function toText(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function toId(value: unknown): ItemId | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}

function toNumber(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

function toSize(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 ? value : null
}

/** The value if it is one of `choices`, otherwise null. */
function oneOf<T extends string>(value: unknown, choices: readonly T[]): T | null {
  return choices.find((choice) => choice === value) ?? null
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string'
}

function isLimitOrNull(value: unknown): value is number | null {
  return value === null || isWithin(toNumber(value), 1000, 1e12)
}

/** Nothing in the first picture depends on it. */
const unseenOfAccount = {
  state: 'connecting',
  problem: null,
  signsInWith: 'key',
  capabilities: noCapabilities,
  trustedOrigins: [],
} satisfies Partial<Account>

function toAccount(value: unknown): Account | null {
  const parts = partsOf(value)
  const id = toText(parts.get('id'))
  const kind = oneOf(parts.get('kind'), ['this-computer', 'server'])
  const name = toText(parts.get('name'))
  const keeping = oneOf(parts.get('keeping'), ['protected', 'plain', 'session'])
  const address = parts.get('address')
  if (!id || kind === null || name === null || keeping === null || !isTextOrNull(address)) return null
  return { id, kind, name, address, keeping, ...unseenOfAccount }
}

/** Settings that nothing in the first picture depends on. The backend sends them soon. */
const unseenSettings = {
  putioAppId: null,
  closeAction: 'ask',
  isSleepPrevented: true,
  notifiesDone: true,
  notifiesFailed: true,
  notifiesDiskFull: true,
} as const satisfies Partial<Settings>

function toSettings(parts: Map<string, unknown>): Settings | null {
  const theme = oneOf(parts.get('theme'), ['system', 'light', 'dark'])
  const view = oneOf(parts.get('view') ?? 'list', ['list', 'grid'])
  const hasThumbnails = parts.get('hasThumbnails') !== false
  const sortBy = oneOf(parts.get('sortBy'), ['name', 'kind', 'size', 'added'])
  const hostsOnMyNetwork = listOf(parts.get('hostsOnMyNetwork'), toText)
  const playerId = parts.get('playerId')
  const accountId = parts.get('accountId')
  const downloadLimitBytesPerSecond = parts.get('downloadLimitBytesPerSecond')
  const uploadLimitBytesPerSecond = parts.get('uploadLimitBytesPerSecond')
  // Earlier versions do not remember these.
  const soundPlayerId = parts.get('soundPlayerId') ?? null
  const ownPlayer = parts.get('ownPlayer') ?? null
  const subtitleLanguages = listOf(parts.get('subtitleLanguages') ?? [], toText)
  const saveLimitBytesPerSecond = parts.get('saveLimitBytesPerSecond') ?? null
  const trashDays = toNumber(parts.get('trashDays') ?? 14)
  const saveReserveBytes = toNumber(parts.get('saveReserveBytes') ?? 1e9)
  const sidebarWidth = toNumber(parts.get('sidebarWidth'))
  const dockHeight = toNumber(parts.get('dockHeight'))
  const flags = ['isDhtOn', 'isSortDescending', 'isDockOpen'].map((name) => parts.get(name))
  if (
    theme === null ||
    view === null ||
    sortBy === null ||
    hostsOnMyNetwork === null ||
    !flags.every((flag) => typeof flag === 'boolean')
  )
    return null
  if (!isTextOrNull(playerId) || !isTextOrNull(accountId)) return null
  if (!isTextOrNull(soundPlayerId) || !isTextOrNull(ownPlayer) || subtitleLanguages === null) return null
  if (!isLimitOrNull(saveLimitBytesPerSecond)) return null
  if (!isLimitOrNull(downloadLimitBytesPerSecond) || !isLimitOrNull(uploadLimitBytesPerSecond)) return null
  if (!isWithin(trashDays, 0, 3650)) return null
  if (!isWithin(saveReserveBytes, 0, 1e13)) return null
  if (!isWithin(sidebarWidth, 160, 480) || !isWithin(dockHeight, 96, 800)) return null
  const [isDhtOn = true, isSortDescending = false, isDockOpen = true] = flags
  return {
    theme,
    view,
    hasThumbnails,
    sortBy,
    hostsOnMyNetwork,
    playerId,
    soundPlayerId,
    ownPlayer,
    subtitleLanguages,
    accountId,
    downloadLimitBytesPerSecond,
    uploadLimitBytesPerSecond,
    saveLimitBytesPerSecond,
    trashDays,
    saveReserveBytes,
    sidebarWidth,
    dockHeight,
    isDhtOn,
    isSortDescending,
    isDockOpen,
    ...unseenSettings,
  }
}

function isWithin(value: number | null, min: number, max: number): value is number {
  return value !== null && Number.isInteger(value) && value >= min && value <= max
}

function toPlace(parts: Map<string, unknown>): Remembered['place'] | null {
  const accountId = toText(parts.get('accountId'))
  const folderId = toId(parts.get('folderId'))
  return !accountId || folderId === null ? null : { accountId, folderId }
}

function toCrumb(value: unknown): Crumb | null {
  const parts = partsOf(value)
  const id = toId(parts.get('id'))
  const name = toText(parts.get('name'))
  return id === null || name === null ? null : { id, name }
}

function toBranch(value: unknown): [FolderKey, Crumb[]] | null {
  if (!Array.isArray(value) || value.length !== 2) return null
  const folder = typeof value[0] === 'string' ? folderOfKey(value[0]) : null
  const folders = listOf(value[1], toCrumb)
  return folder === null || folders === null ? null : [folderKey(folder.accountId, folder.folderId), folders]
}

/** Undefined if the columns are invalid or differ in length. */
function toColumns(parts: Map<string, unknown>): ItemColumns | undefined {
  const ids = listOf(parts.get('ids'), toId)
  const parentIds = listOf(parts.get('parentIds'), toId)
  const kinds = listOf(parts.get('kinds'), (kind) => (itemKinds[Number(kind)] === undefined ? null : toId(kind)))
  const sizesBytes = listOf(parts.get('sizesBytes'), toSize)
  const addedAtMs = listOf(parts.get('addedAtMs'), (value) => (value === null ? Number.NaN : toNumber(value)))
  const names = toText(parts.get('names'))
  if (!ids || !parentIds || !kinds || !sizesBytes || !addedAtMs || names === null) return undefined
  const columns: ItemColumns = {
    ids: Float64Array.from(ids),
    parentIds: Float64Array.from(parentIds),
    kinds: Uint8Array.from(kinds),
    sizesBytes: Float64Array.from(sizesBytes),
    addedAtMs: Float64Array.from(addedAtMs),
    names,
  }
  const lengths = [parentIds, kinds, sizesBytes, addedAtMs, namesOf(columns)].map((column) => column.length)
  return lengths.every((length) => length === ids.length) ? columns : undefined
}
