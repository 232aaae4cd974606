import * as z from 'zod'
import type { PutioClient } from '../client.ts'
import type { Calls } from './calls.ts'
import { inScope } from './in-scope.ts'
import { WireAccountSettings } from './wire.ts'

/** What the calls on settings depend on. */
interface SettingsParts extends Pick<Calls, 'ask'> {
  /** Called when the sign-in turns out not to allow them. */
  onOutOfScope(): void
}

/** The settings of an account. Source: API v2 §5.3. */
export function settingsCalls({ ask, onOutOfScope }: SettingsParts): Pick<PutioClient, 'settings' | 'changeSettings'> {
  return {
    async settings() {
      const call = { verb: 'GET', path: '/v2/account/settings' } as const
      const { settings } = await inScope(ask(call, WireAccountSettings), onOutOfScope)
      return {
        isTrashEnabled: settings.trash_enabled,
        isHistoryEnabled: settings.history_enabled,
        defaultFolderId: settings.default_download_folder,
      }
    },
    async changeSettings({ isTrashEnabled, isHistoryEnabled, defaultFolderId }) {
      const json = {
        ...(isTrashEnabled !== undefined && { trash_enabled: isTrashEnabled }),
        ...(isHistoryEnabled !== undefined && { history_enabled: isHistoryEnabled }),
        ...(defaultFolderId !== undefined && { default_download_folder: defaultFolderId }),
      }
      const call = { verb: 'POST', path: '/v2/account/settings', json, isRepeatable: true } as const
      await inScope(ask(call, z.unknown()), onOutOfScope)
    },
  }
}
