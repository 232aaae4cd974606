import type { AccountSettings } from '../../core/account/settings.ts'
import type { Core } from '../../core/core.ts'
import { settingsWire } from './account.ts'
import { ApiError } from './error.ts'
import type { Call, Route } from './method.ts'
import { route } from './method.ts'

/** Source: API v2 §5.3. */
export const settings: Route[] = [
  route('POST', '/v2/account/settings', (call) => {
    const { core, params } = call
    const current: Record<string, unknown> = settingsWire(call)
    const changes: Partial<AccountSettings> = {}
    for (const name of params.names()) {
      if (name === 'oauth_token') continue
      if (name === 'trash_enabled') changes.isTrashEnabled = flagOf(call, name)
      else if (name === 'history_enabled') changes.isHistoryEnabled = flagOf(call, name)
      else if (name === 'default_download_folder') changes.defaultFolderId = folderOf(call, name)
      else refuseUnlessSame(name, current, params.raw(name))
    }
    core.settings.change(changes)
    return {}
  }),
]

function flagOf({ params }: Call, name: string): boolean {
  const text = `${params.raw(name)}`
  if (/^(?:1|true)$/i.test(text)) return true
  if (/^(?:0|false)$/i.test(text)) return false
  throw invalid(name)
}

function folderOf({ params, core }: Call, name: string): number {
  const text = `${params.raw(name)}`
  if (!/^\d{1,15}$/.test(text) || core.space.find(Number(text))?.kind !== 'folder') throw invalid(name)
  return Number(text)
}

/** A setting that has no meaning here cannot be changed, but clients may send what it is. */
function refuseUnlessSame(name: string, current: Record<string, unknown>, value: unknown): void {
  if (!Object.hasOwn(current, name)) throw invalid(name)
  const isSame = JSON.stringify(current[name]) === JSON.stringify(value) || `${current[name]}` === value
  if (!isSame) throw new ApiError(403, 'UNAVAILABLE_VALUE', `This service does not have the setting “${name}”.`)
}

function invalid(name: string): ApiError {
  return new ApiError(400, 'INVALID_VALUE', `The setting “${name.slice(0, 60)}” cannot have this value.`)
}

/** The folder for transfers and uploads that name none; the root if it is gone. */
export function defaultFolderOf({ settings, space }: Core): number {
  const { defaultFolderId } = settings.get()
  return space.find(defaultFolderId)?.kind === 'folder' ? defaultFolderId : 0
}
