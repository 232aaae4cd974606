import { expect, it } from 'vitest'
import type { Analysis } from '../../shared/analysis.ts'
import { createAppStore } from './store.ts'
import { scriptedBackend } from './test-client.ts'

function openStore() {
  const backend = scriptedBackend()
  const store = createAppStore(backend.client)
  store.setState({ place: { accountId: 'a', folderId: 4, query: null } })
  const shown = () => {
    const { dialog } = store.getState()
    return dialog?.kind === 'add-links' ? dialog : null
  }
  return { backend, store, shown, ...store.getState() }
}

const file = { link: 'torrent-file:1', name: 'a.torrent' }

it('keeps the links of a closed dialog, and shows them again when it is opened without others', async () => {
  const { store, shown, backend, openAddLinks, leaveAddLinks } = openStore()
  openAddLinks({ text: 'http://h/a', files: [file] })
  leaveAddLinks()
  await backend.answer('draft.keep', null)
  expect(backend.asked.at(-1)).toEqual({ method: 'draft.keep', input: { text: 'http://h/a' } })
  openAddLinks({})
  expect([shown()?.text, shown()?.files, store.getState().draft]).toEqual(['http://h/a', [file], null])
})

it('does not mix the draft with new links unless the person wants it, and loses neither', () => {
  const { store, shown, openAddLinks, leaveAddLinks, openDraft } = openStore()
  openAddLinks({ text: 'http://h/old' })
  leaveAddLinks()
  openAddLinks({ text: 'http://h/new' })
  expect([shown()?.text, store.getState().draft?.text]).toEqual(['http://h/new', 'http://h/old'])
  leaveAddLinks()
  expect(store.getState().draft?.text).toBe('http://h/old\nhttp://h/new')
  openAddLinks({ text: 'http://h/third' })
  openDraft()
  expect([shown()?.text, store.getState().draft]).toEqual(['http://h/old\nhttp://h/new\nhttp://h/third', null])
})

it('brings the draft of the last run back', () => {
  const { backend, shown, openAddLinks } = openStore()
  backend.tell('draft.changed', { text: 'magnet:?xt=urn:btih:1' })
  openAddLinks({})
  expect(shown()?.text).toBe('magnet:?xt=urn:btih:1')
})

it('discards the links of a cancelled dialog, and undoes that', async () => {
  const { store, shown, openAddLinks, discardLinks, undo } = openStore()
  openAddLinks({ text: 'http://h/a' }, { accountId: 'a', folderId: 9 })
  await discardLinks()
  expect([shown(), store.getState().draft]).toEqual([null, null])
  await undo()
  expect(shown()).toMatchObject({ text: 'http://h/a', folderId: 9 })
})

const report = (...links: string[]): Analysis => ({
  rows: links.map((link) => ({
    kind: 'file',
    name: link,
    host: 'h',
    links: [link],
    sizeBytes: 1,
    bandwidthBytes: 0,
    problem: null,
    needsPassword: false,
    seeds: null,
    entryCount: null,
    unpackedBytes: null,
    note: null,
  })),
  diskFreeBytes: 9,
  diskTotalBytes: 9,
  bandwidthLeftBytes: null,
  report: {
    'Current Available Bandwidth': null,
    'Current Available Disk Space': 9,
    'Your Total Disk Space': 1,
    Urls: { url: links, rapid: [], multipart: {}, torrent: [] },
  },
})

it('goes on looking at the other links when some were added, without asking for them again', async () => {
  const { store, shown, backend, openAddLinks, analyze, keepAnalyzing, leaveLinks } = openStore()
  const [link, magnet] = ['http://h/a', 'magnet:?xt=urn:btih:1']
  openAddLinks({ text: `${link}\n${magnet}` })
  const analyzing = analyze('a', { text: `${link}\n${magnet}`, files: [] })
  await backend.answer('links.extract', [link, magnet])
  await backend.answer('analysis.run', report(link))
  // The first link is added.
  keepAnalyzing([magnet])
  leaveLinks([magnet])
  expect(shown()?.text).toBe(magnet)
  const again = analyze('a', { text: magnet, files: [] })
  await backend.answer('links.extract', [magnet])
  await again
  expect(store.getState().analysis).toMatchObject({ isRunning: true, report: null, links: [magnet] })
  await backend.answer('analysis.run', report(magnet))
  await analyzing
  const { isRunning, report: shownReport } = store.getState().analysis
  expect([isRunning, shownReport?.rows.map(({ links }) => links[0])]).toEqual([false, [magnet]])
  expect(backend.asked.filter(({ method }) => method === 'analysis.run').length).toBe(2)
})
