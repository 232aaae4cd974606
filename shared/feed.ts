import * as z from 'zod'
import { ItemId } from './item.ts'
import { maxLinkLength } from './limits.ts'

/** Identifies a feed within its account. */
export const FeedId = z.number().int().nonnegative()
export type FeedId = z.infer<typeof FeedId>

/** Identifies an entry within its feed. */
export const FeedItemId = z.number().int().nonnegative()
export type FeedItemId = z.infer<typeof FeedItemId>

const Words = z.string().max(1024)

/** What a feed's entries are filtered by: words of their titles, separated by commas. Empty: no filter. */
export const FeedFilters = z.object({
  /** An entry has one of them. */
  wanted: Words,
  /** An entry has none of them. */
  unwanted: Words,
})
export type FeedFilters = z.infer<typeof FeedFilters>

/** What of a feed can be changed. */
export const FeedChange = FeedFilters.extend({ title: z.string().min(1).max(1024), folderId: ItemId })
export type FeedChange = z.infer<typeof FeedChange>

/** The address of a feed, `http:` or `https:`. It may contain secrets. */
export const FeedAddress = z.string().min(1).max(maxLinkLength)

/** A feed whose new entries the service fetches. Its address may contain secrets: the window gets its host only. */
export const Feed = z.object({
  id: FeedId,
  title: z.string(),
  host: z.string(),
  folderId: ItemId,
  wanted: z.string(),
  unwanted: z.string(),
  isPaused: z.boolean(),
  /** When the service read it last; null if it has not yet. */
  checkedAtMs: z.number().nullable(),
  /** Why it could not be read the last time, in a sentence; null if it could. */
  problem: z.string().nullable(),
  failedItems: z.number().int().nonnegative(),
})
export type Feed = z.infer<typeof Feed>

/** An entry of a feed that matched, and what became of it. */
export const FeedItem = z.object({
  id: FeedItemId,
  title: z.string(),
  /** When the service found it; null if it does not tell. */
  foundAtMs: z.number().nullable(),
  /** What it has become in the space; null before that. */
  itemId: ItemId.nullable(),
  /** Why it failed, in a sentence; null if it did not. */
  problem: z.string().nullable(),
})
export type FeedItem = z.infer<typeof FeedItem>

/** What of a feed would be fetched. */
export const FeedPreview = z.object({
  /** The first entries of the feed. */
  entries: z.array(z.object({ title: z.string(), isMatch: z.boolean() })),
  /** How many entries it has in all, and how many of them match. */
  total: z.number().int(),
  matching: z.number().int(),
})
export type FeedPreview = z.infer<typeof FeedPreview>
