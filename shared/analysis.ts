import * as z from 'zod'
import { maxLinkLength } from './limits.ts'

/** A URL or a magnet, as a person handed it to us. */
export const Link = z.string().min(1).max(maxLinkLength)
export type Link = z.infer<typeof Link>

/**
 * A torrent file that a person handed us. Its bytes stay in the backend; `link` stands for them wherever a link may stand, and
 * `name` is the file's.
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
  /** Null when the service could not learn it: never counted as 0. */
  sizeBytes: z.number().nullable(),
  bandwidthBytes: z.number(),
  /** Why it cannot be fetched, in the service's sentence. */
  problem: z.string().nullable(),
  /** True for an archive that opens only with a password. */
  needsPassword: z.boolean(),
  /** How many people share a torrent whole; null when nobody tells. */
  seeds: z.number().int().nullable(),
  /** How many files a torrent or an archive holds, where it could be looked into. */
  entryCount: z.number().int().nullable(),
  /** What an archive will take when it is unpacked, where it could be looked into. */
  unpackedBytes: z.number().nullable(),
  /** Why little is known of it just now, in the service's sentence, though it can be added: its server is busy. */
  note: z.string().nullable(),
})
export type AnalyzedLink = z.infer<typeof AnalyzedLink>

/**
 * Put.io's report on links in the shape of its own documentation: available values in bytes, the total in gigabytes of 2^30
 * bytes. Links that cannot be fetched are not in it. Source: API v1 §8.3.
 */
export const AnalysisReport = z.object({
  'Current Available Bandwidth': z.number().nullable(),
  'Current Available Disk Space': z.number(),
  'Your Total Disk Space': z.number(),
  Urls: z.object({
    url: z.array(Link),
    rapid: z.array(Link),
    multipart: z.record(z.string(), z.array(Link)),
    torrent: z.array(Link),
  }),
})
export type AnalysisReport = z.infer<typeof AnalysisReport>

/** What Put.io says of links before they are added, with what is available now (bytes). Source: API v1 §8. */
export const Analysis = z.object({
  rows: z.array(AnalyzedLink),
  diskFreeBytes: z.number(),
  diskTotalBytes: z.number(),
  bandwidthLeftBytes: z.number().nullable(),
  report: AnalysisReport,
})
export type Analysis = z.infer<typeof Analysis>
