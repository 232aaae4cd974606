import { reasonOf } from '../../core/errors/reason.ts'
import { NotFound, Refusal } from '../../core/errors/refusal.ts'
import type { FeedItem, Subscription, SubscriptionDraft } from '../../core/transfers/subscriptions.ts'
import { ApiError } from './error.ts'
import type { Call, Result, Route } from './method.ts'
import { route } from './method.ts'
import type { Params } from './params.ts'
import { defaultFolderOf } from './settings.ts'
import { toTime } from './times.ts'

const maxFeeds = 500
/** How many entries of a feed a preview has. */
const maxPreviewed = 200

/** Feeds whose entries are fetched. Source: API v2 §15. */
export const rss: Route[] = [
  route('GET', '/v2/rss/list', (call) => ({
    feeds: call.core.subscriptions.list().map((feed) => feedWire(call, feed)),
  })),
  route('POST', '/v2/rss/create', create),
  route('GET', '/v2/rss/:id', (call) => ({ feed: feedWire(call, feedOf(call)) })),
  route('POST', '/v2/rss/:id', (call) => {
    call.core.subscriptions.edit(feedOf(call).id, draftOf(call))
    return {}
  }),
  route('POST', '/v2/rss/:id/pause', (call) => setPaused(call, true)),
  route('POST', '/v2/rss/:id/resume', (call) => setPaused(call, false)),
  route('POST', '/v2/rss/:id/delete', (call) => {
    call.core.subscriptions.remove(feedOf(call).id)
    return {}
  }),
  route('GET', '/v2/rss/:id/items', (call) => {
    const feed = feedOf(call)
    return { feed: feedWire(call, feed), items: itemsOf(call, feed).map(({ wire }) => wire) }
  }),
  route('POST', '/v2/rss/:id/clear-log', (call) => {
    call.core.subscriptions.clearItems(feedOf(call).id)
    return {}
  }),
  route('POST', '/v2/rss/:id/retry-all', (call) => {
    const feed = feedOf(call)
    for (const { item, isFailed } of itemsOf(call, feed)) if (isFailed) retry(call, feed, item)
    return {}
  }),
  route('POST', '/v2/rss/:id/items/:item/retry', (call) => {
    const feed = feedOf(call)
    const found = itemsOf(call, feed).find(({ item }) => `${item.id}` === call.path.item)
    if (found === undefined) throw new ApiError(404, 'NotFound', 'There is no such entry of the feed.')
    if (found.isFailed) retry(call, feed, found.item)
    return {}
  }),
]

/**
 * What of a feed would be fetched, before it is added. Only for our own client: API v2 has nothing like it. A feed that cannot be read is
 * an error of the feed, told as the service tells it of one that is followed.
 */
export const rssPreview: Route[] = [
  route('POST', '/v2/putdesk/rss/preview', async (call) => {
    if (!call.isExtended) throw new ApiError(404, 'NotFound', 'There is nothing at this address.')
    const { params } = call
    const url = urlOf(params)
    if (url === null) throw new ApiError(400, 'URL_REQUIRED', 'A feed needs an address.')
    const filters = {
      doFilters: params.text('keyword') ?? '',
      dontFilters: params.text('unwanted_keywords') ?? '',
    }
    const entries = await previewed(call, url, filters)
    return {
      entries: entries.slice(0, maxPreviewed).map(({ title, isMatch }) => ({ title, matches: isMatch })),
      total: entries.length,
      matching: entries.filter(({ isMatch }) => isMatch).length,
    }
  }),
]

async function previewed({ core }: Call, url: string, filters: { doFilters: string; dontFilters: string }) {
  try {
    return await core.subscriptions.preview(url, filters)
  } catch (error) {
    const sentence = reasonOf(error)
    if (sentence === null) throw error
    throw new ApiError(400, error instanceof Refusal ? 'FEED_CANNOT_PARSED' : 'FEED_CANNOT_FETCHED', sentence)
  }
}

function feedOf({ core, path }: Call): Subscription {
  if (!/^\d{1,15}$/.test(path.id ?? '')) throw new NotFound('There is no such feed.')
  return core.subscriptions.get(Number(path.id))
}

function setPaused(call: Call, isPaused: boolean): Result {
  call.core.subscriptions.edit(feedOf(call).id, { isPaused })
  return {}
}

function create(call: Call): Result {
  const { core, params } = call
  const draft = draftOf(call)
  const { url, name } = draft
  if (url === undefined) throw new ApiError(400, 'URL_REQUIRED', 'A feed needs an address.')
  if (name === undefined) throw new ApiError(400, 'TITLE_REQUIRED', 'A feed needs a title.')
  if (core.subscriptions.list().length >= maxFeeds)
    throw new ApiError(400, 'TOO_MANY_RSS_FEEDS', `There can be at most ${maxFeeds} feeds.`)
  const others = { doFilters: '', dontFilters: '', folderId: defaultFolderOf(core), isPaused: false }
  const isFromNowOn = params.flag('dont_process_whole_feed')
  return { feed: feedWire(call, core.subscriptions.create({ ...others, ...draft, url, name }, { isFromNowOn })) }
}

/** The address of a feed; null if the request has none. */
function urlOf(params: Params): string | null {
  const url = params.text('rss_source_url')
  if (url !== null && !/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
    throw new ApiError(400, 'URL_NOT_VALID', `“${url.slice(0, 100)}” is not the address of a feed.`)
  return url
}

/** What the request tells. */
function draftOf({ core, params }: Call): Partial<SubscriptionDraft> {
  const [url, name] = [urlOf(params), params.text('title')]
  if (params.flag('delete_old_files'))
    throw new ApiError(400, 'BadRequest', 'This service deletes no files to make space for new ones.')
  const folder = params.text('parent_dir_id')
  return {
    ...(url !== null && { url }),
    ...(name !== null && { name }),
    ...(params.has('keyword') && { doFilters: params.text('keyword') ?? '' }),
    ...(params.has('unwanted_keywords') && { dontFilters: params.text('unwanted_keywords') ?? '' }),
    ...(folder !== null && {
      // A new folder with the title of the feed.
      folderId: folder === 'newf' ? core.space.createFolder(name ?? 'Feed', 0).id : params.id('parent_dir_id'),
    }),
  }
}

function feedWire(call: Call, feed: Subscription) {
  const { id, name, url, folderId, doFilters, dontFilters, isPaused, lastAtSeconds, reason, createdAtSeconds } = feed
  return {
    id,
    title: name,
    rss_source_url: url,
    parent_dir_id: folderId,
    parentdirid: folderId,
    keyword: doFilters === '' ? null : doFilters,
    unwanted_keywords: dontFilters,
    delete_old_files: false,
    extract: true,
    paused: isPaused,
    paused_at: null,
    last_fetch: lastAtSeconds === null ? null : toTime(lastAtSeconds),
    last_error: reason,
    start_at: null,
    failed_item_count: itemsOf(call, feed).filter(({ isFailed }) => isFailed).length,
    created_at: toTime(createdAtSeconds),
    updated_at: toTime(createdAtSeconds),
  }
}

/** The entries of a feed, with what has become of them. */
function itemsOf({ core }: Call, { id }: Subscription) {
  const items = core.subscriptions.items(id)
  if (items.length === 0) return []
  const active = new Map(core.transfers.list().map((transfer) => [transfer.id, transfer]))
  const finished = new Map(core.transfers.finished().map((transfer) => [transfer.id, transfer]))
  return items.map((item) => {
    const transfer = item.transferId === null ? undefined : active.get(item.transferId)
    const isFailed = transfer?.status === 'error'
    const resultId =
      (item.transferId === null ? undefined : finished.get(item.transferId))?.resultId ?? transfer?.resultId
    const wire = {
      id: item.id,
      title: item.title,
      publish_date: null,
      detected_date: toTime(item.detectedAtSeconds),
      processed_at: toTime(item.detectedAtSeconds),
      is_failed: isFailed,
      ...(isFailed
        ? { failure_reason: transfer.reason ?? 'The transfer has failed.' }
        : { user_file_id: resultId ?? null }),
    }
    return { item, isFailed, wire }
  })
}

/** Only what has failed is retried, in place if that is possible. */
function retry({ core }: Call, { id }: Subscription, { transferId, id: itemId }: FeedItem): void {
  const isListed = core.transfers.list().some((transfer) => transfer.id === transferId)
  if (isListed && transferId !== null) core.transfers.retry(transferId, { password: null, isUnpacked: true })
  else core.subscriptions.fetchAgain(id, itemId)
}
