import { expect, it } from 'vitest'
import { type Transfer, transferStatuses } from '../../shared/transfer.ts'
import { en } from './en.ts'
import { formatDuration, formatLoss, formatMoment, formatSize } from './format.ts'
import { say, sayAround } from './say.ts'
import { adviceFor, shownPercent, statusWords } from './status-words.ts'
import { cutName, visibleName } from './visible-name.ts'

const transfer: Transfer = {
  id: 1,
  name: 'a.iso',
  status: 'downloading',
  serviceStatus: null,
  percentDone: 0,
  sizeBytes: null,
  downloadedBytes: null,
  speedBytesPerSecond: null,
  secondsLeft: null,
  reason: null,
  host: null,
  folderId: null,
  uploadedBytes: null,
  peers: null,
  stagePercent: null,
  canPlay: false,
  failure: null,
  statusSinceMs: null,
  addedAtMs: null,
  isTorrent: false,
  areLinksKnown: false,
  isCancelled: false,
  unpackedBytes: null,
}

const around = { folder: null, placeInLine: 0, holders: [], inQueue: 0, nowMs: 0 }

it('formats the message of every id with every value that it names', () => {
  const values = Object.fromEntries(
    Object.values(en).flatMap((text) => [...text.matchAll(/\{(\w+)[,}]/g)].map(([, name]) => [name ?? '', 2])),
  )
  const broken = Object.keys(en).filter((id) => /[{}]/.test(say(id as keyof typeof en, values)))
  expect(broken).toEqual([])
})

it('uses typographic apostrophes, as straight ones are part of the message syntax', () => {
  expect(Object.values(en).filter((text) => text.includes("'"))).toEqual([])
})

it('says that a transfer starts soon only while that can be true', () => {
  const queued = { ...transfer, status: 'in-queue' as const, statusSinceMs: 0 }
  expect([1000, 20_000].map((nowMs) => adviceFor(queued, { ...around, inQueue: 33, nowMs }))).toEqual([
    'about to start, this should be short',
    'the service starts it when others have made room, 33 more are in its queue',
  ])
})

it('has a word, a colour and advice for every status', () => {
  const told = transferStatuses.map((status) => [
    say(statusWords[status].word),
    adviceFor({ ...transfer, status }, { ...around, placeInLine: 3 }),
  ])
  expect(told.every(([word, advice]) => word !== '' && advice !== '')).toBe(true)
  expect(Object.keys(statusWords)).toEqual([...transferStatuses])
  expect(told[0]).toEqual(['Waiting', 'number 3 in the queue · starts when a slot is free'])
})

it('shows the service’s own word for a status that this version does not know, with control characters visible', () => {
  const told = (serviceStatus: string | null) => adviceFor({ ...transfer, status: 'unknown', serviceStatus }, around)
  expect([told(null), told('RE\u202eHEATING')]).toEqual([
    'the service reports a status that this version does not know',
    'the service calls its status “RE⟨202E⟩HEATING”, which this version does not know',
  ])
})

it('prefers the service’s own reason, and says where a download comes from and goes to', () => {
  const inFilms = { ...around, folder: 'Films' }
  expect([
    adviceFor({ ...transfer, status: 'error', reason: 'The archive needs a password.' }, inFilms),
    adviceFor({ ...transfer, status: 'error', reason: '“a.iso” needs a password.' }, inFilms),
    adviceFor({ ...transfer, host: 'example.org' }, inFilms),
  ]).toEqual(['The archive needs a password.', 'needs a password.', 'from example.org · to Films'])
})

it('says for how long no peer was found, and after three minutes what to choose instead', () => {
  const looking: Transfer = { ...transfer, status: 'looking-for-peers', peers: 0, statusSinceMs: 1000 }
  const after = (seconds: number) => adviceFor(looking, { ...around, nowMs: 1000 + seconds * 1000 })
  expect([2, 50, 179, 180, 5000].map(after)).toEqual([
    'nobody to fetch from yet',
    'nobody to fetch from for 50 s',
    'nobody to fetch from for 3 min',
    'nobody to fetch from for 3 min · torrents that many people share start sooner',
    'nobody to fetch from for 1 h 23 min · torrents that many people share start sooner',
  ])
})

it('shows the peers of a torrent, what was shared, and how far it is to 1:1', () => {
  const torrent: Transfer = { ...transfer, peers: 3, uploadedBytes: 12e6, host: null }
  expect([
    adviceFor({ ...torrent, peers: 1 }, { ...around, folder: 'Films' }),
    adviceFor({ ...torrent, status: 'downloading-and-seeding' }, { ...around, folder: 'Films' }),
    adviceFor({ ...torrent, status: 'seeding', stagePercent: 40 }, around),
    adviceFor({ ...torrent, status: 'seeding' }, around),
  ]).toEqual([
    'from 1 person · to Films',
    'from 3 people · 12 MB shared back · to Films',
    'shared 40 % of 1:1, then its slot is free',
    'complete, and shared back until 1:1; then its slot is free',
  ])
})

it('names the transfers that hold the slots to one that waits', () => {
  const waiting: Transfer = { ...transfer, status: 'waiting' }
  const behind = (...holders: string[]) => adviceFor(waiting, { ...around, placeInLine: 2, holders })
  expect([behind('a.iso'), behind('a', 'b'), behind('a', 'b', 'c', 'd')]).toEqual([
    'number 2 in the queue · “a.iso” holds the slot',
    'number 2 in the queue · “a”, “b” hold the slots',
    'number 2 in the queue · “a”, “b” and 2 more hold the slots',
  ])
})

it('shows the progress of a stage where it is known', () => {
  expect([shownPercent({ ...transfer, percentDone: 100, stagePercent: 30 }), shownPercent(transfer)]).toEqual([30, 0])
})

it('forms plurals', () => {
  expect([0, 1, 2].map((count) => say('links.submit', { count }))).toEqual(['Add links', 'Add 1 link', 'Add 2 links'])
  expect(sayAround('meter.free', 'size', '3 GB')).toEqual({ before: '', value: '3 GB', after: ' free' })
})

it('formats sizes in one base with the unit that fits', () => {
  expect(
    [0, 1, 999, 1000, 92_000, 999_600, 2_100_000, 31_400_000, 6_400_000_000, 168_100_000_000, -3e9].map(formatSize),
  ).toEqual([
    '0 bytes',
    '1 byte',
    '999 bytes',
    '1 kB',
    '92 kB',
    '1 MB',
    '2.1 MB',
    '31 MB',
    '6.4 GB',
    '168.1 GB',
    '−3 GB',
  ])
  expect([formatLoss(0), formatLoss(570e6)]).toEqual(['0 bytes', '−570 MB'])
})

it('formats moments and durations relative to now', () => {
  const now = new Date(2026, 10, 25, 15, 30).getTime()
  const at = (...parts: [number, number, number, number, number]) => new Date(...parts).getTime()
  expect(
    [
      now - 120_000,
      at(2026, 10, 25, 13, 20),
      at(2026, 10, 25, 9, 12),
      at(2026, 10, 24, 23, 59),
      at(2026, 10, 23, 8, 0),
      at(2026, 2, 12, 8, 0),
      null,
    ].map((moment) => formatMoment(moment, now)),
  ).toEqual(['2 minutes ago', '2 hours ago', 'Today, 09:12', 'Yesterday', 'Monday', '12 Mar 2026', '—'])
  expect([12, 245, 3 * 3600 + 120, 3 * 86_400].map(formatDuration)).toEqual(['12 s', '4 min', '3 h 2 min', '3 days'])
})

it('makes control and direction characters visible', () => {
  expect([visibleName('evil\u202egpj.exe'), visibleName('a\u0000b\u0085'), visibleName('été 🎬.mkv')]).toEqual([
    'evil⟨202E⟩gpj.exe',
    'a␀b⟨0085⟩',
    'été 🎬.mkv',
  ])
})

it('cuts long names so that the ending stays, and splits no character', () => {
  expect(cutName('short.mkv')).toEqual({ head: 'short.mkv', tail: '' })
  expect(cutName('a-very-long-name-of-a-film-S01E02.mkv')).toEqual({
    head: 'a-very-long-name-of-a-film-',
    tail: 'S01E02.mkv',
  })
  const family = '👨‍👩‍👧'
  const { head, tail } = cutName(`${'x'.repeat(20)}${family}3456.mkv`)
  expect(tail.startsWith(family) || head.endsWith(family)).toBe(true)
})
