import type { Feed, FeedChange, FeedFilters, FeedId, FeedItem, FeedItemId, FeedPreview } from '../../../shared/feed.ts'

/** A feed with its address, which may contain secrets. */
export interface StoredFeed extends Feed {
  address: string
  /** True if the service makes room for new files by deleting old ones of this feed. */
  deletesOldFiles: boolean
}

/** What a feed is added or changed with. */
export interface FeedDraft extends FeedChange {
  address: string
  deletesOldFiles: boolean
}

/**
 * The part of `PutioClient` that is about feeds. Only for a service that `hasFeeds`. Every call can fail like the others; with `not-found` if
 * it names a feed or an entry.
 */
export interface FeedClient {
  /** The feeds of the account. */
  feeds(): Promise<Feed[]>
  feed(feedId: FeedId): Promise<StoredFeed>
  /** Adds a feed. With `isFromNowOn`, nothing is fetched that is in it already. */
  createFeed(draft: FeedDraft, isFromNowOn: boolean): Promise<Feed>
  changeFeed(feedId: FeedId, draft: FeedDraft): Promise<void>
  pauseFeed(feedId: FeedId): Promise<void>
  resumeFeed(feedId: FeedId): Promise<void>
  deleteFeed(feedId: FeedId): Promise<void>
  /** Entries that matched, the newest first. */
  feedItems(feedId: FeedId): Promise<FeedItem[]>
  retryFeedItem(feedId: FeedId, itemId: FeedItemId): Promise<void>
  /** What of a feed would be fetched. Only for a service that `canPreviewFeeds`. */
  previewFeed(address: string, filters: FeedFilters): Promise<FeedPreview>
}
