import type { AccountId } from '../../../shared/account.ts'
import type { HandlersOf } from '../../../shared/contract.ts'
import { AppError } from '../../../shared/errors.ts'
import type { FeedId } from '../../../shared/feed.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Session } from '../accounts/session.ts'
import type { StoredFeed } from '../putio/feed-client.ts'

/** How many removed feeds of an account can be added again. */
const maxRemoved = 100

/** Handlers for the feeds that accounts follow. */
export class Feeds {
  readonly #accounts: Accounts
  /** Feeds that were removed since the start, with their addresses, which the window does not get. */
  readonly #removed = new Map<AccountId, Map<FeedId, StoredFeed>>()

  constructor(accounts: Accounts) {
    this.#accounts = accounts
  }

  removeAccount(accountId: AccountId): void {
    this.#removed.delete(accountId)
  }

  handlers(): HandlersOf<'feeds'> {
    return {
      'feeds.list': ({ accountId }, { signal }) => this.#with(accountId, (client) => client.during(signal).feeds()),
      'feeds.items': ({ accountId, feedId }, { signal }) =>
        this.#with(accountId, (client) => client.during(signal).feedItems(feedId)),
      'feeds.preview': ({ accountId, address, wanted, unwanted }, { signal }) =>
        this.#with(accountId, (client) => client.during(signal).previewFeed(address, { wanted, unwanted })),
      'feeds.add': ({ accountId, isFromNowOn, ...draft }) =>
        this.#with(accountId, (client) => client.createFeed({ ...draft, deletesOldFiles: false }, isFromNowOn)),
      'feeds.change': ({ accountId, feedId, ...change }) =>
        this.#with(accountId, async (client) => {
          const { address, deletesOldFiles } = await client.feed(feedId)
          await client.changeFeed(feedId, { ...change, address, deletesOldFiles })
          return null
        }),
      'feeds.pause': ({ accountId, feedId }) =>
        this.#with(accountId, async (client) => {
          await client.pauseFeed(feedId)
          return null
        }),
      'feeds.resume': ({ accountId, feedId }) =>
        this.#with(accountId, async (client) => {
          await client.resumeFeed(feedId)
          return null
        }),
      'feeds.remove': ({ accountId, feedId }) =>
        this.#with(accountId, async (client) => {
          const feed = await client.feed(feedId)
          await client.deleteFeed(feedId)
          this.#remember(accountId, feed)
          return null
        }),
      'feeds.restore': ({ accountId, feedId }) =>
        this.#with(accountId, async (client) => {
          const removed = this.#removed.get(accountId)
          const feed = removed?.get(feedId)
          if (feed === undefined) throw new AppError('refused', 'This feed cannot be added again.')
          const added = await client.createFeed(feed, true)
          removed?.delete(feedId)
          if (feed.isPaused) await client.pauseFeed(added.id)
          return { ...added, isPaused: feed.isPaused }
        }),
      'feeds.retry': ({ accountId, feedId, itemId }) =>
        this.#with(accountId, async (client) => {
          await client.retryFeedItem(feedId, itemId)
          return null
        }),
    }
  }

  #remember(accountId: AccountId, feed: StoredFeed): void {
    const removed = this.#removed.get(accountId) ?? new Map<FeedId, StoredFeed>()
    this.#removed.set(accountId, removed)
    removed.set(feed.id, feed)
    const [oldest] = removed.keys()
    if (removed.size > maxRemoved && oldest !== undefined) removed.delete(oldest)
  }

  /** Does something with the feeds of an account. Rejects with `refused` if its service has none. */
  async #with<T>(accountId: AccountId, act: (client: ReturnType<Session['client']>) => Promise<T>): Promise<T> {
    const session = this.#accounts.session(accountId)
    return session.ifAble(({ hasFeeds }) => hasFeeds, `The service of “${session.account.name}” has no feeds.`, act)
  }
}
