import * as z from 'zod'
import { TransferFailure } from '../../../../shared/transfer.ts'

/*
 * What API v1 sends. Ids, sizes and quotas come as strings of digits, some servers send numbers; all become numbers here.
 * Source: API v1 §5.1, §6, §7.1, §8.2, §9, §10.
 */

const digits = z.union([z.number(), z.string().regex(/^-?\d+(\.\d+)?$/)]).transform(Number)
const text = z.union([z.string(), z.number().transform(String)])
const perhapsDigits = z
  .union([digits, z.null(), z.literal('')])
  .optional()
  .transform((value) => (typeof value === 'number' ? value : null))

/** The envelope around every answer. Source: API v1 §2. */
export const Envelope = z.object({
  error: z.union([z.boolean(), z.null()]).optional(),
  error_message: z.string().nullish(),
  user_name: z.string().nullish(),
  id: z.union([digits, z.null()]).optional(),
  user_id: z.union([digits, z.null()]).optional(),
  response: z.object({ results: z.unknown() }),
})

export const WireItem = z.object({
  id: digits,
  name: text,
  parent_id: perhapsDigits,
  type: z.string().nullish(),
  is_dir: z.boolean().nullish(),
  size: perhapsDigits,
  stream_url: z.string().nullish(),
  putdesk: z.object({ added_at: z.number().nullish() }).nullish(),
})
export type WireItem = z.infer<typeof WireItem>

export const WireTransfer = z.object({
  id: digits,
  name: text,
  status: z.string(),
  percent_done: perhapsDigits,
  putdesk: z
    .object({
      size: z.number().nullable(),
      downloaded: z.number(),
      uploaded: z.number().nullish(),
      speed: z.number(),
      seconds_left: z.number().nullable(),
      peers: z.number().int().nullish(),
      stage_percent: z.number().nullish(),
      delivered: z.boolean().nullish(),
      reason: z.string().nullable(),
      /** Only told by a service that can try a transfer again. */
      failure: TransferFailure.nullable().catch('other').optional(),
      added_at: z.number().nullish(),
      host: z.string().nullable(),
      folder_id: z.number(),
      links: z.array(z.string()),
    })
    .nullish(),
})
export type WireTransfer = z.infer<typeof WireTransfer>

const analyzedLink = z.object({
  url: z.string().nullish(),
  name: text.nullish(),
  size: perhapsDigits,
  paid_bw: perhapsDigits,
  source: z.string().nullish(),
  needs_pass: z.union([z.number(), z.boolean(), z.string()]).nullish(),
  error: z.string().nullish(),
  putdesk: z
    .object({ seeds: z.number().int().nullish(), entries: z.number().int().nullish(), unpacked: z.number().nullish() })
    .nullish(),
})

export const WireAnalysis = z.object({
  items: z.object({
    singleurl: z.array(analyzedLink).default([]),
    torrent: z.array(analyzedLink).default([]),
    multiparturl: z.array(analyzedLink.extend({ parts: z.array(analyzedLink) })).default([]),
    error: z.array(z.object({ url: z.string(), error: z.string().nullish() })).default([]),
  }),
  disk_avail: digits,
  bw_avail: perhapsDigits,
})
export type WireAnalysis = z.infer<typeof WireAnalysis>
export type WireAnalyzedLink = z.infer<typeof analyzedLink>

export const WireUser = z.object({
  name: text,
  disk_quota: digits,
  disk_quota_available: digits,
  bw_quota: perhapsDigits,
  bw_quota_available: perhapsDigits,
  putdesk: z.object({ active_limit: z.number().nullish(), largest_file: z.number().nullish() }).nullish(),
})

export const WireFriend = z.object({ id: digits, name: text, dir_id: digits })

export const WireMessage = z.object({
  id: digits,
  title: z.string().nullish(),
  user_file_id: perhapsDigits,
  file_name: text.nullish(),
  channel: text.nullish(),
})

/** Times are UTC without a zone, with or without seconds. Source: API v1 §10. */
const time = z
  .string()
  .nullish()
  .transform((value) => {
    if (!value) return null
    const ms = Date.parse(`${value.trim().replace(' ', 'T')}Z`)
    return Number.isNaN(ms) ? null : ms
  })

export const WireSubscription = z.object({
  id: digits,
  name: text,
  url: z.string(),
  parent_folder_id: digits,
  do_filters: z.string().nullish(),
  dont_filters: z.string().nullish(),
  paused: z.union([z.boolean(), z.number().transform((value) => value !== 0)]),
  last_update_time: time,
  next_update_time: time,
})

/** A folder of `files/dirmap`. Source: API v1 §5.6. */
export interface WireFolder {
  id: number
  name: string
  dirs: WireFolder[]
}
export const WireFolder: z.ZodType<WireFolder> = z.object({
  id: digits,
  name: text,
  get dirs() {
    return z.array(WireFolder)
  },
})
