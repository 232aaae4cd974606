import type * as z from 'zod'
import type { Feed, FeedFilters, FeedItem } from '../../../../shared/feed.ts'
import { rootFolderId } from '../../../../shared/item.ts'
import type { FeedClient, FeedDraft, StoredFeed } from '../feed-client.ts'
import { readRows } from '../lenient.ts'
import type { Calls } from './calls.ts'
import { inScope } from './in-scope.ts'
import { sentenceOf } from './sentence.ts'
import { WireDone, WireFeed, WireFeedItem, WireFeedItems, WireFeedPreview, WireFeeds, WireOneFeed } from './wire.ts'

/** What the calls on feeds depend on. */
interface FeedParts extends Pick<Calls, 'ask' | 'rows' | 'note'> {
  /** True for Putdesk's own service, whose sentences are for the person. */
  isOwn(): boolean
  /** Called when the sign-in turns out not to allow feeds. */
  onOutOfScope(): void
}

/** The feeds of an account. Source: API v2 §15. */
export function feedCalls({ ask, rows, note, isOwn, onOutOfScope }: FeedParts): FeedClient {
  const allowed = <T>(asked: Promise<T>) => inScope(asked, onOutOfScope)
  const problemOf = (told: string | null, otherwise: string) =>
    told === null || told === '' ? null : isOwn() ? told : (sentenceOf(null, told) ?? otherwise)
  const toFeed = (wire: WireFeed): Feed => ({
    id: wire.id,
    title: wire.title,
    host: URL.parse(wire.rss_source_url ?? '')?.hostname ?? '',
    folderId: wire.parent_dir_id ?? wire.parentdirid ?? rootFolderId,
    wanted: wire.keyword ?? '',
    unwanted: wire.unwanted_keywords ?? '',
    isPaused: wire.paused ?? false,
    checkedAtMs: wire.last_fetch,
    problem: problemOf(wire.last_error, 'The service could not read this feed.'),
    failedItems: Math.max(0, wire.failed_item_count ?? 0),
  })
  const toStored = (wire: WireFeed): StoredFeed => ({
    ...toFeed(wire),
    address: wire.rss_source_url ?? '',
    deletesOldFiles: wire.delete_old_files ?? false,
  })
  const toItem = (wire: z.infer<typeof WireFeedItem>): FeedItem => {
    const reason = problemOf(wire.failure_reason, 'This entry failed.')
    return {
      id: wire.id,
      title: wire.title,
      foundAtMs: wire.detected_date ?? wire.publish_date,
      itemId: wire.user_file_id,
      problem: wire.is_failed === true ? (reason ?? 'This entry failed.') : null,
    }
  }
  const change = async (path: string, form: Record<string, string | number> = {}, isRepeatable = true) => {
    await allowed(ask({ verb: 'POST', path: `/v2/rss/${path}`, form, isRepeatable }, WireDone))
  }

  return {
    feeds: async () => {
      const listed = await allowed(
        rows({
          first: { verb: 'GET', path: '/v2/rss/list' },
          next: null,
          page: WireFeeds,
          row: WireFeed,
          rowsOf: ({ feeds }) => feeds,
          list: 'rss/list',
          noun: 'feed',
        }),
      )
      return listed.rows.map(toFeed)
    },
    // Internal, because a secret may be part of the address, which is needed again.
    feed: async (feedId) => {
      const call = { verb: 'GET', path: `/v2/rss/${feedId}`, isInternal: true } as const
      return toStored((await allowed(ask(call, WireOneFeed))).feed)
    },
    createFeed: async (draft, isFromNowOn) => {
      const form = { ...formOf(draft), ...(isFromNowOn && { dont_process_whole_feed: 'true' }) }
      return toFeed((await allowed(ask({ verb: 'POST', path: '/v2/rss/create', form }, WireOneFeed))).feed)
    },
    changeFeed: (feedId, draft) => change(`${feedId}`, formOf(draft)),
    pauseFeed: (feedId) => change(`${feedId}/pause`),
    resumeFeed: (feedId) => change(`${feedId}/resume`),
    deleteFeed: (feedId) => change(`${feedId}/delete`, {}, false),
    feedItems: async (feedId) => {
      const { items } = await allowed(ask({ verb: 'GET', path: `/v2/rss/${feedId}/items` }, WireFeedItems))
      const { read, unread } = readRows(items, WireFeedItem)
      await note('rss/items', unread, 'entry of a feed')
      return read.filter((row) => row !== null).map(toItem)
    },
    retryFeedItem: (feedId, itemId) => change(`${feedId}/items/${itemId}/retry`, {}, false),
    previewFeed: async (address, { wanted, unwanted }: FeedFilters) => {
      const form = { rss_source_url: address, keyword: wanted, unwanted_keywords: unwanted }
      const call = { verb: 'POST', path: '/v2/putdesk/rss/preview', form, timeoutMs: previewMs } as const
      const { entries, total, matching } = await ask(call, WireFeedPreview)
      return { entries: entries.map(({ title, matches }) => ({ title, isMatch: matches })), total, matching }
    },
  }
}

/** The service gives up on a feed after 30 seconds. */
const previewMs = 40_000

function formOf({ title, address, folderId, wanted, unwanted, deletesOldFiles }: FeedDraft) {
  return {
    title,
    rss_source_url: address,
    parent_dir_id: folderId,
    keyword: wanted,
    unwanted_keywords: unwanted,
    ...(deletesOldFiles && { delete_old_files: 'on' }),
  }
}
