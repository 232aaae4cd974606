import * as z from 'zod'
import { AccountId } from './account.ts'

export const CopyId = z.string().min(1).max(64)
export type CopyId = z.infer<typeof CopyId>

/** A private copy, made from a file of an account, that was changed in another program. */
export const Copy = z.object({ id: CopyId, accountId: AccountId, name: z.string() })
export type Copy = z.infer<typeof Copy>
