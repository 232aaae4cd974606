import { expect, it } from 'vitest'
import type { Save } from '../../../shared/save.ts'
import type { Send } from '../../../shared/send.ts'
import { defaultSettings, type Settings } from '../../../shared/settings.ts'
import type { Transfer } from '../../../shared/transfer.ts'
import type { HostNotification } from '../host/host.ts'
import { Notifications, type Place } from './notifications.ts'

function open(settings: Partial<Settings> = {}) {
  const shown: HostNotification[] = []
  const places: Place[] = []
  const clock = { nowMs: 0, isFocused: false }
  const notifications = new Notifications({
    host: {
      notify: (notification) => {
        shown.push(notification)
        return () => void shown.splice(shown.indexOf(notification), 1)
      },
      isFocused: () => clock.isFocused,
      showWindow: () => undefined,
    },
    settings: () => ({ ...defaultSettings, ...settings }),
    show: (place) => places.push(place),
    nowMs: () => clock.nowMs,
  })
  const transfers = (upserted: Partial<Transfer>[], arrived: string[] = []) =>
    notifications.see('transfers.changed', {
      accountId: 'a',
      isReset: false,
      upserted: upserted as Transfer[],
      removed: [],
      arrived: arrived.map((name, index) => ({ transferId: index, name, itemId: 7, folderId: 3 })),
    })
  const saves = (...upserted: Partial<Save>[]) =>
    notifications.see('saves.changed', { isReset: false, upserted: upserted as Save[], removed: [] })
  const sends = (...upserted: Partial<Send>[]) =>
    notifications.see('sends.changed', { isReset: false, upserted: upserted as Send[], removed: [] })
  return {
    shown,
    places,
    clock,
    transfers,
    saves,
    sends,
    texts: () => shown.map(({ title, body }) => `${title}: ${body}`),
  }
}

it('tells what is done, what failed and that the disk is full, once each, and leads there', () => {
  const { transfers, saves, texts, shown, places, clock } = open()
  const full = 'This computer’s disk is full: 1 GB is free. It continues when there is space.'
  transfers([{ id: 1, name: 'a', status: 'downloading', reason: null }])
  transfers([{ id: 1, name: 'a', status: 'error', reason: 'There is no such file.' }])
  transfers([{ id: 1, name: 'a', status: 'error', reason: 'There is no such file.' }])
  clock.nowMs = 20_000
  saves({ id: 's', accountId: 'a', name: 'b', status: 'saving', reason: null })
  saves({ id: 's', accountId: 'a', name: 'b', status: 'saving', reason: full })
  saves({ id: 's', accountId: 'a', name: 'b', status: 'saved', reason: null })
  clock.nowMs = 40_000
  transfers([], ['film.mkv'])
  expect(texts()).toEqual([
    'Failed: “a” failed. There is no such file.',
    `The disk is full: ${full}`,
    'Done: “b” is saved on this computer.',
    'Done: “film.mkv” is ready.',
  ])
  for (const { onClick } of [...shown]) onClick()
  expect(places).toMatchObject([
    { accountId: 'a', transferId: 1 },
    { saveId: 's' },
    { saveId: 's' },
    { accountId: 'a', folderId: 3, itemId: 7 },
  ])
})

it('tells what is sent up and what was not, and leads to the item or to the list', () => {
  const { sends, texts, shown, places } = open()
  const send = { accountId: 'a', folderId: 3, itemId: null, reason: null }
  sends({ ...send, id: 's', name: 'photos', status: 'sending' }, { ...send, id: 't', name: 'notes', status: 'sending' })
  sends({ ...send, id: 's', name: 'photos', status: 'sent', itemId: 9 })
  sends({ ...send, id: 't', name: 'notes', status: 'error', reason: 'The disk is full there.' })
  expect(texts()).toEqual(['Done: “photos” is sent up.', 'Failed: “notes” was not sent up. The disk is full there.'])
  for (const { onClick } of [...shown]) onClick()
  expect(places).toMatchObject([
    { accountId: 'a', folderId: 3, itemId: 9 },
    { accountId: 'a', folderId: null, sendId: 't' },
  ])
})

it('makes one of three or more within ten seconds', () => {
  const { transfers, texts, clock } = open()
  transfers([], ['a'])
  clock.nowMs = 4000
  transfers([], ['b'])
  expect(texts().length).toBe(2)
  clock.nowMs = 8000
  transfers([], ['c', 'd'])
  expect(texts()).toEqual(['4 done: “a”, “b”, “c”, “d”'])
  clock.nowMs = 60_000
  transfers([], ['e'])
  expect(texts().at(-1)).toBe('Done: “e” is ready.')
})

it('tells nothing while the window has the focus, nothing that is switched off, and nothing from before this run', () => {
  const focused = open()
  focused.clock.isFocused = true
  focused.transfers([], ['a'])
  const off = open({ notifiesDone: false })
  off.transfers([{ id: 9, name: 'old', status: 'error', reason: null }], ['a'])
  expect([focused.texts(), off.texts()]).toEqual([[], []])
})
