import { z } from 'zod'

/** A URL or a magnet, as a person handed it to us. */
export const Link = z.string().min(1).max(8192)
export type Link = z.infer<typeof Link>

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
  needsPassword: z.boolean(),
})
export type AnalyzedLink = z.infer<typeof AnalyzedLink>

/** Put.io's report on links, before they are added, with what is available now (bytes). Source: API v1 §8. */
export const Analysis = z.object({
  rows: z.array(AnalyzedLink),
  diskFreeBytes: z.number(),
  diskTotalBytes: z.number(),
  bandwidthLeftBytes: z.number().nullable(),
})
export type Analysis = z.infer<typeof Analysis>
