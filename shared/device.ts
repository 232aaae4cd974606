import * as z from 'zod'

export const DeviceId = z.number().int()
export type DeviceId = z.infer<typeof DeviceId>

/** A program or a device that is signed in to the service of this computer. */
export const Device = z.object({
  id: DeviceId,
  /** As it calls itself. */
  name: z.string(),
  addedAtMs: z.number().nullable(),
  /** To the hour; null if it was never used, or if that is not known. */
  usedAtMs: z.number().nullable(),
})
export type Device = z.infer<typeof Device>

/** A code of six digits with which a device is signed in once, on a page of the service. */
export const DeviceCode = z.object({ code: z.string(), page: z.string(), endsAtMs: z.number() })
export type DeviceCode = z.infer<typeof DeviceCode>
