import * as z from 'zod'
import { TransferFailure } from '../../../../shared/transfer.ts'
import {
  anyRows,
  id,
  perhaps,
  perhapsBytes,
  perhapsCount,
  perhapsDigits,
  perhapsFlag,
  perhapsId,
  perhapsNumber,
  perhapsSeconds,
  perhapsText,
  text,
} from '../lenient.ts'

/*
 * The wire format of API v2. Whatever is missing, null or of an unknown kind costs a field, never a list. `putdesk` has the fields that
 * only our own service sends. Source: API v2 §5.
 */

/** A time in UTC, with or without a zone, in milliseconds since 1970. Source: API v2 §4. */
const perhapsTime = z
  .unknown()
  .optional()
  .transform((value) => {
    if (typeof value !== 'string') return null
    const plain = value.trim().replace(' ', 'T')
    const ms = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(plain) ? plain : `${plain}Z`)
    return Number.isNaN(ms) ? null : ms
  })

const perhapsCursor = perhaps(text).transform((cursor) => (cursor === '' ? null : cursor))

export const WireFile = z.object({
  id,
  name: text,
  parent_id: perhapsId,
  file_type: perhapsText,
  content_type: perhapsText,
  size: perhapsDigits,
  created_at: perhapsTime,
  sender_name: perhapsText,
  putdesk: perhaps(z.object({ content: perhapsText, address: perhapsText })),
})
export type WireFile = z.infer<typeof WireFile>

/** An item that a friend shares, or the folder of all that a friend shares, which has the friend's name. */
export const WireSharedFile = WireFile.extend({ folder_type: perhapsText })

/** A page of a listing. Source: API v2 §6. */
export const WirePage = z.object({ files: anyRows, cursor: perhapsCursor, total: perhapsCount })
export const WireOneFile = z.object({ file: WireFile })

export const WireTrashed = z.object({
  id,
  name: text,
  file_type: perhapsText,
  content_type: perhapsText,
  size: perhapsDigits,
  deleted_at: perhapsTime,
  putdesk: perhaps(z.object({ folders: anyRows })),
})
export type WireTrashed = z.infer<typeof WireTrashed>

export const WireMoved = z.object({ errors: anyRows })
export const WireMoveError = z.object({ id: perhapsId, name: perhapsText, error_type: perhapsText })
export const WireDeleted = z.object({ cursor: perhapsCursor, skipped: perhapsCount })

/** Source: API v2 §6. */
export const WireExtractions = z.object({ extractions: anyRows })
export const WireExtraction = z.object({
  id,
  status: perhapsText,
  message: perhapsText,
  putdesk: perhaps(z.object({ percent: perhapsNumber, folder_id: perhapsId })),
})
export type WireExtraction = z.infer<typeof WireExtraction>

/** Source: API v2 §5.2. */
export const WireTransfer = z.object({
  id,
  name: text,
  type: perhapsText,
  status: perhapsText,
  source: perhapsText,
  save_parent_id: perhapsId,
  file_id: perhapsId,
  userfile_exists: perhapsFlag,
  size: perhapsDigits,
  downloaded: perhapsDigits,
  uploaded: perhapsDigits,
  percent_done: perhapsDigits,
  completion_percent: perhapsDigits,
  down_speed: perhapsDigits,
  up_speed: perhapsDigits,
  estimated_time: perhapsDigits,
  current_ratio: perhapsDigits,
  peers_connected: perhapsDigits,
  peers_getting_from_us: perhapsDigits,
  created_at: perhapsTime,
  finished_at: perhapsTime,
  error_message: perhapsText,
  putdesk: perhaps(
    z.object({
      status: perhapsText,
      size: perhapsNumber,
      peers: perhapsCount,
      speed: perhapsNumber,
      stage_percent: perhapsNumber,
      seconds_left: perhapsNumber,
      delivered: perhapsFlag,
      playable: perhapsFlag,
      reason: perhapsText,
      failure: TransferFailure.nullable().catch('other').optional(),
      note: perhapsText,
      added_at: perhapsSeconds,
      host: perhapsText,
      links: anyRows.transform((links) => links.filter((link) => typeof link === 'string')),
    }),
  ),
})
export type WireTransfer = z.infer<typeof WireTransfer>

/** Identifies a transfer whose row could not be parsed, as far as possible. */
export const WireUnreadTransfer = z.object({ id: perhapsId }).catch({ id: null })
/** `tick` orders answers and announcements of our own service: an answer is newer than what was announced at the same tick. */
const perhapsTick = perhaps(z.object({ tick: perhapsCount }))
export const WireTransfers = z.object({ transfers: anyRows, cursor: perhapsCursor, putdesk: perhapsTick })
export const WireMessage = z.object({ type: z.string(), value: z.unknown().optional(), putdesk: perhapsTick })
export const WireOneTransfer = z.object({ transfer: WireTransfer })
export const WireAdded = z.object({ transfers: anyRows, errors: anyRows })
export const WireAddError = z.object({
  url: perhapsText,
  status_code: perhapsDigits,
  error_type: perhapsText,
  error_message: perhapsText,
})
/** A film or a sound of a transfer, only sent by Putdesk's own service. */
export const WireTransferFile = z.object({
  index: z.number().int(),
  name: text,
  type: perhapsText,
  size: perhapsDigits,
  item_id: perhapsId,
  stream_url: z.string(),
})
export const WireTransferFiles = z.object({ files: anyRows })

/** Source: API v2 §10. */
export const WireAnalysis = z.object({
  ret: anyRows,
  disk_avail: perhapsDigits,
  putdesk: perhaps(z.object({ groups: anyRows, bandwidth_left: perhapsNumber })),
})
export const WireAnalyzed = z.object({
  url: perhapsText,
  name: perhapsText,
  type_name: perhapsText,
  file_size: perhapsDigits,
  error: perhapsText,
  error_message: perhapsText,
  putdesk: perhaps(
    z.object({
      size: perhapsNumber,
      paid_bw: perhapsNumber,
      source: perhapsText,
      needs_pass: perhapsFlag,
      seeds: perhapsCount,
      entries: perhapsCount,
      unpacked: perhapsNumber,
      note: perhapsText,
    }),
  ),
})
export type WireAnalyzed = z.infer<typeof WireAnalyzed>

/** Links that become one transfer, only sent by Putdesk's own service. */
export const WireGroup = z.object({
  name: text,
  links: anyRows.transform((links) => links.filter((link) => typeof link === 'string')),
  is_multipart: perhapsFlag,
  size: perhapsNumber,
  paid_bw: perhapsNumber,
  error: perhapsText,
})
export type WireGroup = z.infer<typeof WireGroup>

/** Source: API v2 §5.3. */
const WireSettings = z.object({
  trash_enabled: perhapsFlag,
  history_enabled: perhapsFlag,
  use_start_from: perhapsFlag,
  default_download_folder: perhapsId,
})
export const WireAccountSettings = z.object({ settings: WireSettings })

export const WireAccount = z.object({
  info: z.object({
    user_id: z.unknown(),
    username: perhaps(text),
    account_status: perhapsText,
    disk: perhaps(z.object({ avail: perhapsBytes, size: perhapsBytes })),
    trash_size: perhapsDigits,
    simultaneous_download_limit: perhapsDigits,
    download_token: perhapsText,
    settings: perhaps(WireSettings),
    putdesk: perhaps(
      z.object({
        active_limit: perhapsCount,
        largest_file: perhapsNumber,
        trash_items: perhapsCount,
        bandwidth_total: perhapsNumber,
        bandwidth_left: perhapsNumber,
        /** Of the service. */
        other_users: perhapsCount,
        /** True for the app that the service belongs to. */
        is_app: perhapsFlag,
      }),
    ),
  }),
})
export type WireAccount = z.infer<typeof WireAccount>

/** Source: API v2 §14. */
export const WireEvents = z.object({ events: anyRows })
export const WireEvent = z.object({
  type: perhapsText,
  created_at: perhapsTime,
  source: perhapsText,
  transfer_name: perhapsText,
  file_id: perhapsId,
  transfer_size: perhapsDigits,
})

/** The code of our own service that signs in a device. */
export const WireProof = z.object({ code: z.string().min(1).max(64), expires_in: z.number() })
export const WireApps = z.object({ apps: anyRows })
export const WireApp = z.object({
  id: z.number().int(),
  name: text,
  putdesk: perhaps(z.object({ added_at: perhapsNumber, used_at: perhapsNumber })),
})

export const WireUrl = z.object({ url: z.string().min(1) })
/** `file` or `transfer`, of a file that was sent in one request. Source: API v2 §8. */
export const WireUploaded = z.object({ file: perhaps(WireFile), transfer: perhaps(WireTransfer) })

/** Where an item was left. Source: API v2 §5.1. */
export const WirePosition = z.object({
  file: z.object({
    start_from: perhapsDigits,
    media_metadata: perhaps(z.object({ duration: perhapsDigits })),
  }),
})
/** Source: API v2 §7. */
export const WireSubtitles = z.object({ subtitles: anyRows })
export const WireSubtitle = z.object({
  key: z.string().min(1).max(1000),
  name: perhapsText,
  language_code: perhapsText,
  source: perhapsText,
})

/** Source: API v2 §15. */
export const WireFeed = z.object({
  id,
  title: text,
  rss_source_url: perhapsText,
  parent_dir_id: perhapsId,
  parentdirid: perhapsId,
  keyword: perhapsText,
  unwanted_keywords: perhapsText,
  delete_old_files: perhapsFlag,
  paused: perhapsFlag,
  last_fetch: perhapsTime,
  last_error: perhapsText,
  failed_item_count: perhapsCount,
})
export type WireFeed = z.infer<typeof WireFeed>
export const WireFeeds = z.object({ feeds: anyRows, cursor: perhapsCursor })
export const WireOneFeed = z.object({ feed: WireFeed })
export const WireFeedItem = z.object({
  id,
  title: text,
  publish_date: perhapsTime,
  detected_date: perhapsTime,
  is_failed: perhapsFlag,
  user_file_id: perhapsId,
  failure_reason: perhapsText,
})
export const WireFeedItems = z.object({ items: anyRows })
/** What of a feed would be fetched, only sent by Putdesk's own service. */
export const WireFeedPreview = z.object({
  entries: z.array(z.object({ title: text, matches: z.boolean() })),
  total: z.number().int(),
  matching: z.number().int(),
})
/** Source: API v2 §13. */
export const WireSharedWith = z.object({ share_type: perhapsText, shares: anyRows })
export const WireShare = z.object({ share_id: id, user_name: text })
export const WireFriends = z.object({ friends: anyRows })
export const WireFriend = z.object({ name: text })
/** Only our own service tells where the page is. */
export const WirePublicShare = z.object({
  id,
  expiration_date: perhapsTime,
  user_file: perhaps(z.object({ id })),
  putdesk: perhaps(z.object({ page: perhapsText })),
})
export type WirePublicShare = z.infer<typeof WirePublicShare>
export const WirePublicShares = z.object({ public_shares: anyRows })
export const WireOnePublicShare = z.object({ public_share: WirePublicShare })
/** An answer that only says that it was done. */
export const WireDone = z.unknown()
