import * as z from 'zod'

export const CopyId = z.string().min(1).max(64)
export type CopyId = z.infer<typeof CopyId>

/** A private copy that was changed in another program. */
export const Copy = z.object({ id: CopyId, name: z.string() })
export type Copy = z.infer<typeof Copy>
