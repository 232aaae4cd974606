import * as z from 'zod'
import { TransferFailure } from '../../../../shared/transfer.ts'

/*
 * The wire format of API v1. Ids, sizes and quotas are strings of digits, or numbers on some servers; all become numbers here.
 * Source: API v1 §5.1, §6, §7.1, §8.2, §9.
 */

const digits = z.union([z.number(), z.string().regex(/^-?\d+(\.\d+)?$/)]).transform(Number)
const text = z.union([z.string(), z.number().transform(String)])
/** Parsed many thousand times per list: one plain function takes half the time of nested schemas. */
const id = z.unknown().transform((value, { addIssue }) => {
  const number = idOf(value)
  if (number !== null) return number
  addIssue('not an id')
  return z.NEVER
})
const perhapsId = z.unknown().optional().transform(idOf)
const perhapsDigits = z.unknown().optional().transform(numberOf)
const perhapsText = z
  .unknown()
  .optional()
  .transform((value) => (typeof value === 'string' ? value : null))
const perhapsFlag = z
  .unknown()
  .optional()
  .transform((value) => (typeof value === 'boolean' ? value : null))

function numberOf(value: unknown): number | null {
  const isNumber = typeof value === 'number' || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value))
  return isNumber && Number.isFinite(Number(value)) ? Number(value) : null
}

function idOf(value: unknown): number | null {
  const number = numberOf(value)
  return number !== null && Number.isSafeInteger(number) && number >= 0 ? number : null
}

/** Seconds since 1970, within the range of a Date. */
const perhapsSeconds = perhaps(z.number().min(0).max(8.64e12))
const perhapsCount = perhaps(z.number().int())
const perhapsNumber = perhaps(z.number())

/** An optional field: null if it is missing or has the wrong type, so that the row itself stays valid. */
function perhaps<T>(schema: z.ZodType<T>) {
  return schema
    .nullish()
    .catch(null)
    .transform((value) => value ?? null)
}

/** A row of a list that could not be parsed, and why. */
export interface UnreadRow {
  row: unknown
  problem: string
}

/** Parses each row of a list on its own, so that a bad row does not affect the others. Rows that could not be parsed become null. */
export function readRows<T>(
  rows: readonly unknown[],
  schema: z.ZodType<T>,
): { read: (T | null)[]; unread: UnreadRow[] } {
  const unread: UnreadRow[] = []
  const read = rows.map((row) => {
    const parsed = schema.safeParse(row)
    if (parsed.success) return parsed.data
    const problem = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join(', ')
    unread.push({ row, problem })
    return null
  })
  return { read, unread }
}

/** Any list. A missing value is an empty list, and a single value is a list of one row. */
const anyRows = z
  .unknown()
  .optional()
  .transform((value): unknown[] => (Array.isArray(value) ? value : value == null ? [] : [value]))

/** The envelope of every response. Source: API v1 §2. */
export const Envelope = z.object({
  error: z.union([z.boolean(), z.null()]).optional(),
  error_message: perhapsText,
  user_name: z.unknown().optional(),
  id: z.unknown().optional(),
  user_id: z.unknown().optional(),
  /** Details of an error, only sent by Putdesk's own service. */
  putdesk: perhaps(z.object({ code: perhapsText })),
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
  putdesk: perhaps(z.object({ added_at: perhapsSeconds })),
})
export type WireItem = z.infer<typeof WireItem>

/** An item in the trash, only sent by Putdesk's own service. */
export const WireTrashed = z.object({
  id,
  name: text,
  type: perhapsText,
  is_dir: perhapsFlag,
  size: perhapsDigits,
  deleted_at: perhapsSeconds,
  folders: anyRows.transform((names) => names.filter((name) => typeof name === 'string')),
})
export type WireTrashed = z.infer<typeof WireTrashed>

export const WireTransfer = z.object({
  id,
  name: text,
  status: perhapsText,
  percent_done: perhapsDigits,
  putdesk: perhaps(
    z.object({
      size: perhapsNumber,
      downloaded: perhapsNumber,
      uploaded: perhapsNumber,
      speed: perhapsNumber,
      seconds_left: perhapsNumber,
      peers: perhapsCount,
      stage_percent: perhapsNumber,
      delivered: perhapsFlag,
      playable: perhapsFlag,
      reason: perhapsText,
      /** Only sent by a service that can retry a transfer. */
      failure: TransferFailure.nullable().catch('other').optional(),
      added_at: perhapsSeconds,
      host: perhapsText,
      folder_id: perhapsId,
      links: anyRows.transform((links) => links.filter((link) => typeof link === 'string')),
    }),
  ),
})
export type WireTransfer = z.infer<typeof WireTransfer>

/** A film or a sound of a transfer, only sent by Putdesk's own service. */
export const WireTransferFile = z.object({
  index: z.number().int(),
  name: text,
  type: perhapsText,
  size: perhapsDigits,
  item_id: perhapsId,
  stream_url: z.string(),
})

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
  putdesk: perhaps(
    z.object({ seeds: perhapsCount, entries: perhapsCount, unpacked: perhapsNumber, note: perhapsText }),
  ),
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
  putdesk: perhaps(
    z.object({
      active_limit: perhapsCount,
      largest_file: perhapsNumber,
      trash_items: perhapsCount,
      trash_size: perhapsNumber,
    }),
  ),
})

export type WireUser = z.infer<typeof WireUser>

export const WireFriend = z.object({ id, name: text, dir_id: id })

export const WireMessage = z.object({
  id,
  title: perhapsText,
  user_file_id: perhapsId,
  file_name: perhaps(text),
  channel: perhaps(text),
  putdesk: perhaps(z.object({ transfer_id: perhapsId })),
})

/** A folder of `files/dirmap`; its subfolders are parsed one by one. Source: API v1 §5.6. */
export const WireFolder = z.object({ id, name: text, dirs: anyRows })
export type WireFolder = z.infer<typeof WireFolder>

/** Rows that are parsed one by one. */
export const WireRows = z.array(z.unknown())
