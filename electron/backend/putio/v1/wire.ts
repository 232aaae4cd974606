import * as z from 'zod'
import { anyRows, digits, id, perhaps, perhapsDigits, perhapsFlag, perhapsId, perhapsText, text } from '../lenient.ts'

/*
 * The wire format of API v1. Ids, sizes and quotas are strings of digits, or numbers on some servers; all become numbers here.
 * Source: API v1 §5.1, §6, §7.1, §8.2, §9.
 */

/** The envelope of every response. Source: API v1 §2. */
export const Envelope = z.object({
  error: z.union([z.boolean(), z.null()]).optional(),
  error_message: perhapsText,
  user_name: z.unknown().optional(),
  id: z.unknown().optional(),
  user_id: z.unknown().optional(),
  response: z.object({ results: z.unknown() }),
})

export const WireItem = z.object({
  id,
  name: text,
  parent_id: perhapsId,
  type: perhapsText,
  is_dir: perhapsFlag,
  size: perhapsDigits,
  stream_url: perhapsText,
  download_url: perhapsText,
})
export type WireItem = z.infer<typeof WireItem>

export const WireTransfer = z.object({
  id,
  name: text,
  status: perhapsText,
  percent_done: perhapsDigits,
})
export type WireTransfer = z.infer<typeof WireTransfer>

/** Identifies a transfer whose row could not be parsed, as far as possible. */
export const WireUnreadTransfer = z.object({ id: perhapsId, name: perhaps(text) }).catch({ id: null, name: null })

/** Why a link cannot be fetched. Any truthy value that is not a string only means that it cannot. */
const perhapsError = z
  .unknown()
  .optional()
  .transform((error) => (typeof error === 'string' ? error : error ? 'This link cannot be fetched.' : null))

export const WireAnalyzedLink = z.object({
  url: perhapsText,
  name: perhaps(text),
  size: perhapsDigits,
  paid_bw: perhapsDigits,
  source: perhapsText,
  needs_pass: perhaps(z.union([z.number(), z.boolean(), z.string()])),
  error: perhapsError,
})
export type WireAnalyzedLink = z.infer<typeof WireAnalyzedLink>

export const WireLinkSet = WireAnalyzedLink.extend({ parts: anyRows })
export const WireLinkError = z.object({ url: z.string(), error: perhapsError })

export const WireAnalysis = z.object({
  items: z.object({ singleurl: anyRows, torrent: anyRows, multiparturl: anyRows, error: anyRows }),
  disk_avail: perhapsDigits,
  bw_avail: perhapsDigits,
})
export type WireAnalysis = z.infer<typeof WireAnalysis>

export const WireUser = z.object({
  name: text,
  disk_quota: digits,
  disk_quota_available: digits,
  bw_quota: perhapsDigits,
  bw_quota_available: perhapsDigits,
})

export type WireUser = z.infer<typeof WireUser>

export const WireFriend = z.object({ id, name: text, dir_id: id })

export const WireMessage = z.object({
  id,
  title: perhapsText,
  user_file_id: perhapsId,
  file_name: perhaps(text),
  channel: perhaps(text),
})

/** A folder of `files/dirmap`; its subfolders are parsed one by one. Source: API v1 §5.6. */
export const WireFolder = z.object({ id, name: text, dirs: anyRows })
export type WireFolder = z.infer<typeof WireFolder>
