import type { AccountId } from '../../shared/account.ts'
import type { Input } from '../../shared/contract.ts'
import type { Feed, FeedChange, FeedId, FeedItem, FeedPreview } from '../../shared/feed.ts'
import { say } from '../words/say.ts'
import { sentenceOf } from './sentence.ts'
import type { Slice } from './store.ts'
import { final } from './undo.ts'

/** How long changes of transfers are collected before the entries are fetched again. */
const soonMs = 500

/** The feeds of one account. After an error, what was there stays. */
interface FeedsState {
  accountId: AccountId
  rows: readonly Feed[] | null
  /** True until the entries of the open feed have come, too. */
  isLoading: boolean
  problem: string | null
}

/** The feed whose entries are shown. */
interface OpenFeed {
  accountId: AccountId
  feedId: FeedId
  items: readonly FeedItem[] | null
  problem: string | null
}

export interface FeedsSlice {
  /** The feeds that were shown last. */
  feeds: FeedsState | null
  openFeed: OpenFeed | null
  /** Fetches the feeds, and the entries of the one that is open. */
  loadFeeds(accountId: AccountId): Promise<void>
  /** Shows the entries of a feed; those of none if `feedId` is null. */
  showFeed(accountId: AccountId, feedId: FeedId | null): Promise<void>
  previewFeed(input: Input<'feeds.preview'>, signal: AbortSignal): Promise<FeedPreview>
  /** Rejects if it was not added. */
  addFeed(input: Input<'feeds.add'>): Promise<void>
  /** Rejects if it was not changed. */
  changeFeed(accountId: AccountId, feed: Feed, change: FeedChange): Promise<void>
  pauseFeed(accountId: AccountId, feed: Feed): Promise<void>
  resumeFeed(accountId: AccountId, feed: Feed): Promise<void>
  removeFeed(accountId: AccountId, feed: Feed): Promise<void>
  retryFeedItem(accountId: AccountId, feedId: FeedId, item: FeedItem): Promise<void>
}

/** The feeds, fetched when they are shown, and what becomes of their entries. The newest request wins. */
export const feedsSlice: Slice<FeedsSlice> = (client) => (set, get) => {
  let loading: AbortController | null = null
  let opening: AbortController | null = null
  let timer: ReturnType<typeof setTimeout> | null = null

  const isShown = (accountId: AccountId) => {
    const { place } = get()
    return place?.accountId === accountId && place.isFeeds === true
  }

  client.on('transfers.changed', ({ accountId }) => {
    if (timer === null && isShown(accountId)) timer = setTimeout(() => loadAgain(accountId), soonMs)
  })

  /** Fetches the feeds again once what is being fetched is there: otherwise a busy account would never see any. */
  function loadAgain(accountId: AccountId) {
    timer = null
    if (!isShown(accountId)) return
    if (get().feeds?.isLoading) timer = setTimeout(() => loadAgain(accountId), soonMs)
    else void get().loadFeeds(accountId)
  }

  async function loadItems(accountId: AccountId, feedId: FeedId) {
    opening?.abort()
    opening = new AbortController()
    const { signal } = opening
    try {
      const items = await client.call('feeds.items', { accountId, feedId }, { signal })
      if (!signal.aborted) set({ openFeed: { accountId, feedId, items, problem: null } })
    } catch (error) {
      if (signal.aborted) return
      const items = get().openFeed?.items ?? null
      set({ openFeed: { accountId, feedId, items, problem: sentenceOf(error) } })
    }
  }

  /** The ids of feeds that were removed and added again, by their former ids. Earlier acts still mean these feeds. */
  const laterIds = new Map<string, FeedId>()

  function idNow(accountId: AccountId, feedId: FeedId): FeedId {
    const later = laterIds.get(`${feedId} ${accountId}`)
    return later === undefined ? feedId : idNow(accountId, later)
  }

  /** What can be done to a feed, and undone and redone later. The list shows it then. */
  const steps = (accountId: AccountId, first: FeedId) => {
    const after = (work: (feed: { accountId: AccountId; feedId: FeedId }) => Promise<unknown>) => async () => {
      await work({ accountId, feedId: idNow(accountId, first) })
      await get().loadFeeds(accountId)
      return null
    }
    return {
      pause: after((feed) => client.call('feeds.pause', feed)),
      resume: after((feed) => client.call('feeds.resume', feed)),
      change: (change: FeedChange) => after((feed) => client.call('feeds.change', { ...feed, ...change })),
      remove: after(async (feed) => {
        await client.call('feeds.remove', feed)
        if (get().openFeed?.feedId === feed.feedId) void get().showFeed(accountId, null)
      }),
      restore: after(async (feed) => {
        const { id } = await client.call('feeds.restore', feed)
        if (id !== feed.feedId) laterIds.set(`${feed.feedId} ${accountId}`, id)
      }),
    }
  }

  return {
    feeds: null,
    openFeed: null,
    loadFeeds: async (accountId) => {
      loading?.abort()
      loading = new AbortController()
      const { signal } = loading
      const { feeds, openFeed } = get()
      const rows = feeds?.accountId === accountId ? feeds.rows : null
      const problem = feeds?.accountId === accountId ? feeds.problem : null
      set({ feeds: { accountId, rows, isLoading: true, problem } })
      const items = openFeed?.accountId === accountId ? loadItems(accountId, openFeed.feedId) : null
      try {
        const found = await client.call('feeds.list', { accountId }, { signal })
        if (!signal.aborted) set({ feeds: { accountId, rows: found, isLoading: true, problem: null } })
      } catch (error) {
        if (!signal.aborted) set({ feeds: { accountId, rows, isLoading: true, problem: sentenceOf(error) } })
      }
      await items
      if (!signal.aborted) set(({ feeds }) => ({ feeds: feeds === null ? null : { ...feeds, isLoading: false } }))
    },
    showFeed: async (accountId, feedId) => {
      opening?.abort()
      set({ openFeed: feedId === null ? null : { accountId, feedId, items: null, problem: null } })
      if (feedId !== null) await loadItems(accountId, feedId)
    },
    previewFeed: (input, signal) => client.call('feeds.preview', input, { signal }),
    addFeed: (input) =>
      get().act(async () => {
        const { accountId, title } = input
        const { id } = await client.call('feeds.add', input)
        if (isShown(accountId)) void get().showFeed(accountId, id)
        await get().loadFeeds(accountId)
        const { remove, restore } = steps(accountId, id)
        return { sentence: say('feeds.added', { name: title }), undo: remove, redo: restore }
      }),
    changeFeed: (accountId, feed, change) =>
      get().act(async () => {
        const { title, folderId, wanted, unwanted } = feed
        const { change: changeTo } = steps(accountId, feed.id)
        const [redo, undo] = [changeTo(change), changeTo({ title, folderId, wanted, unwanted })]
        await redo()
        return { sentence: say('feeds.changed', { name: change.title }), undo, redo }
      }),
    pauseFeed: (accountId, { id, title }) =>
      get().attempt(() =>
        get().act(async () => {
          const { pause, resume } = steps(accountId, id)
          await pause()
          return { sentence: say('feeds.wasPaused', { name: title }), undo: resume, redo: pause }
        }),
      ),
    resumeFeed: (accountId, { id, title }) =>
      get().attempt(() =>
        get().act(async () => {
          const { pause, resume } = steps(accountId, id)
          await resume()
          return { sentence: say('feeds.wasResumed', { name: title }), undo: pause, redo: resume }
        }),
      ),
    removeFeed: (accountId, { id, title }) =>
      get().attempt(() =>
        get().act(async () => {
          const { remove, restore } = steps(accountId, id)
          await remove()
          return { sentence: say('feeds.removed', { name: title }), undo: restore, redo: remove }
        }),
      ),
    retryFeedItem: (accountId, feedId, { id, title }) =>
      get().attempt(() =>
        get().act(async () => {
          await client.call('feeds.retry', { accountId, feedId, itemId: id })
          await get().loadFeeds(accountId)
          return final(say('feeds.retried', { name: title }))
        }),
      ),
  }
}
