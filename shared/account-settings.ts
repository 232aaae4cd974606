import * as z from 'zod'
import { ItemId } from './item.ts'

/** What a person has set at the service, for all programs that use the account. */
const Settable = z.object({
  /** Deleted items go to the trash. */
  isTrashEnabled: z.boolean(),
  /** The service keeps a list of what has happened in the account. */
  isHistoryEnabled: z.boolean(),
  /** Where transfers go that name no folder. */
  defaultFolderId: ItemId,
})

/** The settings of an account. Null for what the service does not report. */
export const AccountSettings = z.object({
  isTrashEnabled: Settable.shape.isTrashEnabled.nullable(),
  isHistoryEnabled: Settable.shape.isHistoryEnabled.nullable(),
  defaultFolderId: Settable.shape.defaultFolderId.nullable(),
})
export type AccountSettings = z.infer<typeof AccountSettings>

/** The settings to change. */
export const AccountSettingsChange = Settable.partial()
export type AccountSettingsChange = z.infer<typeof AccountSettingsChange>
