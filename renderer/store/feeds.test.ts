import { afterEach, expect, it, vi } from 'vitest'
import type { Account } from '../../shared/account.ts'
import { noCapabilities } from '../../shared/capabilities.ts'
import type { Feed } from '../../shared/feed.ts'
import { defaultSettings } from '../../shared/settings.ts'
import { shownFolder } from './selectors.ts'
import { createAppStore } from './store.ts'
import { opened, scriptedBackend } from './test-client.ts'
import { shownToast } from './toasts.ts'

afterEach(() => {
  vi.useRealTimers()
})

const feedOf = (id: number, title: string): Feed => ({
  ...{ id, title, host: 'a.test', folderId: 0, wanted: '', unwanted: '', isPaused: false },
  ...{ checkedAtMs: null, problem: null, failedItems: 0 },
})

/** A window that shows the feeds of an account. */
async function openFeeds(...feeds: Feed[]) {
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  const account: Account = {
    ...{ id: 'a', kind: 'server', name: 'mary', address: 'http://x.test', problem: null, keeping: 'session' },
    ...{ signsInWith: 'token', state: 'signed-in', trustedOrigins: [] },
    capabilities: { ...noCapabilities, hasFeeds: true },
  }
  backend.tell('settings.changed', { ...defaultSettings, accountId: 'a' })
  backend.tell('accounts.changed', [account])
  await backend.answer('items.open', opened([]))
  store.getState().goToFeeds('a')
  await backend.answer('feeds.list', feeds)
  const inputsOf = (method: string) => backend.asked.filter((one) => one.method === method).map(({ input }) => input)
  return { backend, store, inputsOf, toast: () => shownToast(store.getState())?.sentence }
}

it('shows the feeds as a place of its own, with no items that an action could touch', async () => {
  const { store } = await openFeeds(feedOf(1, 'Jazz'))
  expect(store.getState().place).toEqual({ accountId: 'a', folderId: 0, query: null, isFeeds: true })
  expect([shownFolder(store.getState()), store.getState().feeds?.rows?.length]).toEqual([null, 1])
  store.getState().goUp()
  expect(store.getState().place).toEqual({ accountId: 'a', folderId: 0, query: null })
  store.getState().goBack()
  expect(store.getState().place).toMatchObject({ isFeeds: true })
})

it('adds a removed feed again, and removes it again under its new id', async () => {
  const { backend, store, inputsOf, toast } = await openFeeds(feedOf(1, 'Jazz'))
  const removing = store.getState().removeFeed('a', feedOf(1, 'Jazz'))
  await backend.answer('feeds.remove', null)
  await backend.answer('feeds.list', [])
  await removing
  expect(toast()).toBe('Removed the feed “Jazz”')
  const undoing = store.getState().undo()
  await backend.answer('feeds.restore', feedOf(9, 'Jazz'))
  await backend.answer('feeds.list', [feedOf(9, 'Jazz')])
  await undoing
  expect(inputsOf('feeds.restore')).toEqual([{ accountId: 'a', feedId: 1 }])
  const redoing = store.getState().redo()
  await backend.answer('feeds.remove', null)
  await backend.answer('feeds.list', [])
  await redoing
  expect(inputsOf('feeds.remove').at(-1)).toEqual({ accountId: 'a', feedId: 9 })
})

it('undoes an act on a feed that was removed and added again since', async () => {
  const { backend, store, inputsOf } = await openFeeds(feedOf(1, 'Jazz'))
  const pausing = store.getState().pauseFeed('a', feedOf(1, 'Jazz'))
  await backend.answer('feeds.pause', null)
  await backend.answer('feeds.list', [])
  await pausing
  const removing = store.getState().removeFeed('a', feedOf(1, 'Jazz'))
  await backend.answer('feeds.remove', null)
  await backend.answer('feeds.list', [])
  await removing
  const restoring = store.getState().undo()
  await backend.answer('feeds.restore', feedOf(9, 'Jazz'))
  await backend.answer('feeds.list', [])
  await restoring
  const resuming = store.getState().undo()
  await backend.answer('feeds.resume', null)
  await backend.answer('feeds.list', [])
  await resuming
  expect(inputsOf('feeds.resume')).toEqual([{ accountId: 'a', feedId: 9 }])
})

it('undoes a change of a feed by its old values', async () => {
  const jazz = { ...feedOf(1, 'Jazz'), wanted: 'live' }
  const { backend, store, inputsOf } = await openFeeds(jazz)
  const change = { title: 'Rock', folderId: 5, wanted: '', unwanted: 'live' }
  const changing = store.getState().changeFeed('a', jazz, change)
  await backend.answer('feeds.change', null)
  await backend.answer('feeds.list', [])
  await changing
  const undoing = store.getState().undo()
  await backend.answer('feeds.change', null)
  await backend.answer('feeds.list', [jazz])
  await undoing
  const ids = { accountId: 'a', feedId: 1 }
  const before = { title: 'Jazz', folderId: 0, wanted: 'live', unwanted: '' }
  expect(inputsOf('feeds.change')).toEqual([
    { ...ids, ...change },
    { ...ids, ...before },
  ])
})

it('keeps the feeds when they cannot be fetched again, and drops an answer that is late', async () => {
  const { backend, store } = await openFeeds(feedOf(1, 'Jazz'))
  store.getState().refresh()
  await backend.refuse('feeds.list', 'unreachable', 'It does not answer.')
  expect(store.getState().feeds).toMatchObject({ problem: 'It does not answer.', rows: [{ title: 'Jazz' }] })
  store.getState().refresh()
  store.getState().refresh()
  await backend.answer('feeds.list', [feedOf(2, 'New')], 1)
  await backend.answer('feeds.list', [feedOf(3, 'Stale')])
  expect(store.getState().feeds).toMatchObject({ problem: null, rows: [{ title: 'New' }] })
})

it('shows the entries of one feed at a time, also when those of another come late', async () => {
  const { backend, store } = await openFeeds(feedOf(1, 'Jazz'), feedOf(2, 'Rock'))
  void store.getState().showFeed('a', 1)
  void store.getState().showFeed('a', 2)
  const entry = { id: 4, title: 'rock', foundAtMs: null, itemId: null, problem: 'It is lost.' }
  await backend.answer('feeds.items', [entry], 1)
  await backend.answer('feeds.items', [])
  expect(store.getState().openFeed).toEqual({ accountId: 'a', feedId: 2, items: [entry], problem: null })
  const retrying = store.getState().retryFeedItem('a', 2, entry)
  await backend.answer('feeds.retry', null)
  await backend.answer('feeds.list', [])
  await backend.answer('feeds.items', [{ ...entry, problem: null }])
  await retrying
  expect(store.getState().openFeed?.items).toEqual([{ ...entry, problem: null }])
})

it('fetches the entries again when transfers change, but never gives up what a slow service is still sending', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const { backend, store, inputsOf } = await openFeeds(feedOf(1, 'Jazz'))
  const change = () =>
    backend.tell('transfers.changed', { accountId: 'a', isReset: false, upserted: [], removed: [], arrived: [] })
  store.getState().refresh()
  change()
  await vi.advanceTimersByTimeAsync(5000)
  expect([inputsOf('feeds.list').length, backend.cancelled]).toEqual([2, []])
  await backend.answer('feeds.list', [])
  await vi.advanceTimersByTimeAsync(1000)
  expect(inputsOf('feeds.list').length).toBe(3)
})
