import { expect, it } from 'vitest'
import type { Account } from '../../shared/account.ts'
import { noCapabilities } from '../../shared/capabilities.ts'
import { type Method, methods, type Output } from '../../shared/contract.ts'
import type { Feed } from '../../shared/feed.ts'
import type { Save, SaveId } from '../../shared/save.ts'
import { type AppState, createAppStore } from './store.ts'
import { opened, scriptedBackend, sendOf } from './test-client.ts'
import { shownToast } from './toasts.ts'

// Undo never undoes an older act than the last one: whatever changes something is an act.

const accountId = 'a'
const row = { id: 7, parentId: 0, name: 'film.mkv', kind: 'movie', sizeBytes: 9, addedAtMs: null } as const
const tokenSignIn = { accountId: null, service: null, isKept: false, mayBePlain: false }
const origin = 'https://cdn.example'

const feed: Feed = {
  ...{ id: 1, title: 'a', host: 'a.test', folderId: 0, wanted: '', unwanted: '', isPaused: false },
  ...{ checkedAtMs: null, problem: null, failedItems: 0 },
}
const entry = { id: 1, title: 'e', foundAtMs: null, itemId: null }

const nobody = { isEveryone: false, people: [] }

const saveOf = (id: SaveId, status: Save['status']): Save => ({
  ...{ id, accountId, itemId: 1, name: id, folder: '/x', isFolder: false, isZip: false, status, sizeBytes: 9 },
  ...{ savedBytes: 0, doneFiles: 0, totalFiles: 1, speedBytesPerSecond: null, secondsLeft: null, reason: null },
  untrustedOrigin: null,
  lacksFolder: false,
})
const saves = [saveOf('s', 'saving'), saveOf('p', 'paused')]
const sends = [sendOf('u', 'sending'), sendOf('w', 'paused')]
const account = {
  ...{ id: accountId, kind: 'server', name: 'mary', server: null, state: 'signed-in', problem: null, userName: null },
  capabilities: { ...noCapabilities, canUpload: true, canCopy: true },
} as unknown as Account

/** What the window asks for when it does something, and how it does it. */
const acts: { [M in Method]?: { run(state: AppState): Promise<unknown>; answers: [Method, unknown][] } } = {
  'accounts.addThisComputer': { run: (state) => state.addThisComputer(), answers: [['accounts.addThisComputer', 'b']] },
  'accounts.addServer': {
    run: (state) =>
      state.addServer({ accountId: null, address: 'x', apiKey: 'k', apiSecret: 's', isKept: false, mayBePlain: false }),
    answers: [['accounts.addServer', 'b']],
  },
  'accounts.signInWithCode': {
    run: (state) => state.signInWithCode(tokenSignIn, {}),
    answers: [['accounts.signInWithCode', 'b']],
  },
  'accounts.signInWithBrowser': {
    run: (state) => state.signInWithBrowser(tokenSignIn, {}),
    answers: [['accounts.signInWithBrowser', 'b']],
  },
  'accounts.signInWithToken': {
    run: (state) => state.signInWithToken({ ...tokenSignIn, token: 't' }),
    answers: [['accounts.signInWithToken', 'b']],
  },
  'accounts.changeSettings': {
    run: (state) =>
      state.changeAccountSettings(
        accountId,
        { isTrashEnabled: true, isHistoryEnabled: null, defaultFolderId: 0 },
        { isTrashEnabled: false },
      ),
    answers: [['accounts.changeSettings', null]],
  },
  'accounts.remove': { run: (state) => state.removeAccount(accountId), answers: [['accounts.remove', null]] },
  'accounts.trust': { run: (state) => state.trustHost(accountId, origin), answers: [['accounts.trust', null]] },
  'accounts.distrust': {
    run: (state) => state.distrustHost(accountId, origin),
    answers: [['accounts.distrust', null]],
  },
  'devices.signOut': {
    run: (state) => state.signOutDevice(accountId, { id: 1, name: 'x', addedAtMs: null, usedAtMs: null }),
    answers: [['devices.signOut', null]],
  },
  'items.createFolder': {
    run: (state) => state.createFolder(accountId, 0),
    answers: [
      ['items.createFolder', { ...row, kind: 'folder' }],
      ['items.open', opened([])],
    ],
  },
  'items.rename': {
    run: (state) => state.renameItem(accountId, row, 'b.mkv'),
    answers: [['items.rename', { ...row, name: 'b.mkv' }]],
  },
  'items.move': { run: (state) => state.moveItems({ accountId, items: [row] }, 5), answers: [['items.move', []]] },
  'items.copy': {
    run: (state) => state.copyItems({ accountId, items: [row] }, 5),
    answers: [['items.copy', { copyIds: [8], refused: [], problem: null }]],
  },
  'items.extract': {
    run: (state) => state.unpack(accountId, row),
    answers: [['items.extract', { outcome: 'unpacked', folderId: 8, note: null }]],
  },
  'items.delete': { run: (state) => state.deleteItems(accountId, [row]), answers: [['items.delete', []]] },
  'items.deleteForGood': {
    run: (state) => state.deleteForGood(accountId, [row]),
    answers: [['items.deleteForGood', []]],
  },
  'items.restore': {
    run: (state) => state.restoreTrashed(accountId, [row]),
    answers: [
      ['items.restore', { folderIds: [0], refused: [] }],
      ['trash.list', { items: opened([]).items, folders: '' }],
    ],
  },
  'trash.delete': {
    run: (state) => state.deleteTrashed(accountId, [row]),
    answers: [
      ['trash.delete', null],
      ['trash.list', { items: opened([]).items, folders: '' }],
    ],
  },
  'sharing.share': {
    run: (state) => state.shareItem(accountId, row, { before: nobody, after: { isEveryone: true, people: [] } }),
    answers: [['sharing.share', null]],
  },
  'sharing.makeLink': {
    run: (state) => state.makeLink(accountId, row),
    answers: [['sharing.makeLink', { id: 1, page: 'http://x/', expiresAtMs: null }]],
  },
  'sharing.removeLink': {
    run: (state) => state.removeLink(accountId, row, 1),
    answers: [['sharing.removeLink', null]],
  },
  'feeds.add': {
    run: (state) =>
      state.addFeed({ accountId, title: 'a', address: 'x', folderId: 0, wanted: '', unwanted: '', isFromNowOn: true }),
    answers: [
      ['feeds.add', feed],
      ['feeds.list', []],
    ],
  },
  'feeds.change': {
    run: (state) => state.changeFeed(accountId, feed, { title: 'b', folderId: 0, wanted: '', unwanted: '' }),
    answers: [
      ['feeds.change', null],
      ['feeds.list', []],
    ],
  },
  'feeds.pause': {
    run: (state) => state.pauseFeed(accountId, feed),
    answers: [
      ['feeds.pause', null],
      ['feeds.list', []],
    ],
  },
  'feeds.resume': {
    run: (state) => state.resumeFeed(accountId, feed),
    answers: [
      ['feeds.resume', null],
      ['feeds.list', []],
    ],
  },
  'feeds.remove': {
    run: (state) => state.removeFeed(accountId, feed),
    answers: [
      ['feeds.remove', null],
      ['feeds.list', []],
    ],
  },
  'feeds.retry': {
    run: (state) => state.retryFeedItem(accountId, 1, { ...entry, problem: 'lost' }),
    answers: [
      ['feeds.retry', null],
      ['feeds.list', []],
    ],
  },
  'transfers.add': {
    run: (state) => state.addTransfers(accountId, ['x:'], 0),
    answers: [['transfers.add', { ids: [1], refused: [] }]],
  },
  'transfers.cancel': { run: (state) => state.cancelTransfers(accountId, [1]), answers: [['transfers.cancel', null]] },
  'transfers.retry': {
    run: (state) => state.retryTransfer(accountId, 1, { password: null, isUnpacked: true }),
    answers: [['transfers.retry', null]],
  },
  'transfers.reannounce': {
    run: (state) => state.reannounceTransfer(accountId, 1),
    answers: [['transfers.reannounce', null]],
  },
  'saves.add': {
    run: (state) => state.saveItems(accountId, [1], 'last'),
    answers: [['saves.add', { folder: '/x', saveIds: ['s'], taken: [] }]],
  },
  'saves.pause': { run: (state) => state.pauseSaves(['s']), answers: [['saves.pause', null]] },
  'saves.resume': { run: (state) => state.resumeSaves(['p']), answers: [['saves.resume', null]] },
  'saves.elsewhere': { run: (state) => state.saveElsewhere('s'), answers: [['saves.elsewhere', { saveId: 'n' }]] },
  'saves.remove': { run: (state) => state.removeSaves(['s']), answers: [['saves.remove', null]] },
  'sends.add': {
    run: (state) => state.sendUp(accountId, 0, ['/x/a']),
    answers: [
      ['sends.check', []],
      ['sends.add', ['u']],
    ],
  },
  'sends.pause': { run: (state) => state.pauseSends(['u']), answers: [['sends.pause', null]] },
  'sends.resume': { run: (state) => state.resumeSends(['w']), answers: [['sends.resume', null]] },
  'sends.remove': { run: (state) => state.removeSends(['u']), answers: [['sends.remove', [sendOf('u', 'sending')]]] },
  'copies.sendUp': { run: (state) => state.sendCopy('c'), answers: [['copies.sendUp', { sendId: 'u' }]] },
  'history.clear': {
    run: (state) => state.clearHistory(accountId),
    answers: [
      ['history.clear', 1],
      ['history.list', []],
    ],
  },
  'copies.saveElsewhere': {
    run: (state) => state.saveCopy('c'),
    answers: [['copies.saveElsewhere', { path: '/x/y' }]],
  },
  'playbacks.mark': { run: (state) => state.markWatched(accountId, [7], true), answers: [['playbacks.mark', null]] },
}

/** What changes nothing of the person's, or only what they set. */
const others = new Set<Method>([
  ...([
    'sync',
    'accounts.secretProtection',
    'accounts.openSignInPage',
    'accounts.settings',
    'friends.list',
    'sharing.access',
    'service.restart',
    'notices.dismiss',
  ] as const),
  ...(['items.open', 'items.folders', 'items.path', 'items.search', 'trash.list', 'history.list'] as const),
  ...(['links.extract', 'links.fromFile', 'analysis.run', 'draft.keep', 'history.links', 'copies.dismiss'] as const),
  ...(['players.list', 'play.items', 'play.transfer', 'play.copyLink', 'contents.open', 'copies.open'] as const),
  ...(['feeds.list', 'feeds.items', 'feeds.preview'] as const),
  ...(['files.drag', 'files.copy', 'saves.show', 'saves.open', 'saves.drag'] as const),
  ...(['thumbnails.find', 'thumbnails.put'] as const),
  ...(['devices.code', 'devices.list'] as const),
  // Settings.
  ...(['settings.change', 'hosters.list', 'hosters.put', 'hosters.remove'] as const),
  // They undo.
  ...(['transfers.keep', 'saves.keep', 'sends.keep', 'history.restore', 'feeds.restore'] as const),
  ...(['sends.check', 'sends.choose'] as const),
  // What it changes is seen in the list: save-acts.test.ts.
  'saves.move',
])

it('knows of every method whether it is an act', () => {
  expect([...Object.keys(acts), ...others].sort()).toEqual(Object.keys(methods).sort())
})

it.each(Object.keys(acts))('undo after %s undoes no older act', async (method) => {
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  const log: string[] = []
  const undo = async () => {
    log.push('undid older')
    return null
  }
  await store.getState().act(async () => ({ sentence: 'older', undo, redo: null }))
  backend.tell('saves.changed', { isReset: true, upserted: saves, removed: [] })
  backend.tell('sends.changed', { isReset: true, upserted: sends, removed: [] })
  store.setState({ accounts: [account] })
  const { run, answers } = acts[method as Method] ?? { run: () => Promise.reject(new Error('no case')), answers: [] }
  const running = run(store.getState())
  for (const [asked, output] of answers) await backend.answer(asked, output as Output<Method>)
  await running
  const before = backend.asked.length
  void store.getState().undo()
  await new Promise((resolve) => setTimeout(resolve, 0))
  expect(log).toEqual([])
  const isRefused = shownToast(store.getState())?.isProblem === true
  expect(isRefused || backend.asked.length > before).toBe(true)
})
