import * as z from 'zod'
import { maxLinkLength } from './limits.ts'

/** A URL or a magnet, as the person entered it. */
export const Link = z.string().min(1).max(maxLinkLength)
export type Link = z.infer<typeof Link>

/**
 * A torrent file that the person opened. Its bytes stay in the backend; `link` represents them wherever a link is accepted, and
 * `name` is the file's name.
 */
export const TorrentFile = z.object({ link: Link, name: z.string() })
export type TorrentFile = z.infer<typeof TorrentFile>

/** One row of an analysis: one link, or several that are the parts of one archive. */
export const AnalyzedLink = z.object({
  /** `file`: a plain URL; `rapid`: a paid hoster; `multipart`: parts of one archive; `torrent`; `problem`: cannot be fetched. */
  kind: z.enum(['file', 'rapid', 'multipart', 'torrent', 'problem']),
  name: z.string(),
  host: z.string(),
  links: z.array(Link).min(1),
  /** Null when unknown; never counted as 0. */
  sizeBytes: z.number().nullable(),
  bandwidthBytes: z.number(),
  /** Why it cannot be fetched, in the service's words. */
  problem: z.string().nullable(),
  /** True for an archive that opens only with a password. */
  needsPassword: z.boolean(),
  /** How many peers have all of a torrent; null when unknown. */
  seeds: z.number().int().nullable(),
  /** How many files a torrent or an archive contains; null when it could not be inspected. */
  entryCount: z.number().int().nullable(),
  /** The unpacked size of an archive; null when it could not be inspected. */
  unpackedBytes: z.number().nullable(),
  /** Why little is known about it at the moment though it can be added, such as a busy server, in the service's words. */
  note: z.string().nullable(),
})
export type AnalyzedLink = z.infer<typeof AnalyzedLink>

/**
 * Put.io's report on links, in the shape of its documentation: available values in bytes, the total in gigabytes of 2^30 bytes.
 * Links that cannot be fetched are left out. Source: API v1 §8.3.
 */
export const AnalysisReport = z.object({
  'Current Available Bandwidth': z.number().nullable(),
  'Current Available Disk Space': z.number().nullable(),
  'Your Total Disk Space': z.number().nullable(),
  Urls: z.object({
    url: z.array(Link),
    rapid: z.array(Link),
    multipart: z.record(z.string(), z.array(Link)),
    torrent: z.array(Link),
  }),
})
export type AnalysisReport = z.infer<typeof AnalysisReport>

/** Put.io's analysis of links before they are added, with the quotas available now, in bytes. Source: API v1 §8. */
export const Analysis = z.object({
  rows: z.array(AnalyzedLink),
  /** Null where the service does not report it; so are the others. */
  diskFreeBytes: z.number().nullable(),
  diskTotalBytes: z.number().nullable(),
  bandwidthLeftBytes: z.number().nullable(),
  report: AnalysisReport,
})
export type Analysis = z.infer<typeof Analysis>
