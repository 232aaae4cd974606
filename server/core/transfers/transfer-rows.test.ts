import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { userIds } from '../account/users.ts'
import { type Database, openDatabase } from '../data/database.ts'
import type { Transfer } from './transfer.ts'
import { openTransferRows, type TransferRows } from './transfer-rows.ts'

const dayMs = 24 * 60 * 60 * 1000
let folder: string
let db: Database
let rows: TransferRows
let others: TransferRows
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  folder = mkdtempSync(join(tmpdir(), 'putdesk-rows-'))
  db = openDatabase(folder)
  const [own = 0, other = 0] = userIds(db, ['ann', 'bob'])
  const report = (error: unknown) => expect.unreachable(String(error))
  rows = openTransferRows(db, own, report)
  others = openTransferRows(db, other, report)
})
afterEach(() => {
  vi.useRealTimers()
  db.close()
  rmSync(folder, { recursive: true })
})

function add(to: TransferRows, name: string): Transfer {
  const links = [`http://127.0.0.1/${name}`]
  const draft = {
    links,
    kind: 'links',
    name,
    folderId: 7,
    status: 'waiting',
    reason: null,
    sizeBytes: null,
    content: `of ${name}`,
  } as const
  return db.transact(() => to.insert(draft))
}

function finish(to: TransferRows, transfer: Transfer, changes: Partial<Transfer> = {}): void {
  db.transact(() => to.save({ ...transfer, stage: 'delivered', status: 'completed', sizeBytes: 5, ...changes }))
}

it('lists a completed transfer as finished instead of active, with what the user may want to know', () => {
  vi.setSystemTime(1_000_000_000_000)
  const transfer = add(rows, 'film.mkv')
  rows.keepTorrentFile(transfer.id, Buffer.from('a torrent'))
  vi.setSystemTime(1_000_000_060_000)
  finish(rows, transfer, { password: 'a secret', reason: 'One entry was left out.' })
  expect([rows.active(), rows.torrentFile(transfer.id), others.finished()]).toEqual([[], null, []])
  expect(rows.finished()).toEqual([
    {
      id: transfer.id,
      kind: 'links',
      links: ['http://127.0.0.1/film.mkv'],
      name: 'film.mkv',
      folderId: 7,
      sizeBytes: 5,
      uploadedBytes: 0,
      note: 'One entry was left out.',
      resultId: null,
      addedAtSeconds: 1_000_000_000,
      finishedAtSeconds: 1_000_000_060,
    },
  ])
  expect(db.sql.prepare('SELECT password, content FROM transfers').all()).toEqual([
    { password: null, content: 'of film.mkv' },
  ])
  // Its work folder still has to be removed.
  expect(db.sql.prepare('SELECT content FROM left_work').all()).toEqual([{ content: 'of film.mkv' }])
})

it('keeps a thousand finished transfers for each user, and none for longer than ninety days', () => {
  finish(others, add(others, 'of bob'))
  db.transact(() => {
    for (let n = 0; n < 1005; n++) finish(rows, add(rows, `${n}`))
  })
  const names = rows.finished().map(({ name }) => name)
  expect([names.length, names[0], names.at(-1), others.finished().length]).toEqual([1000, '1004', '5', 1])
  vi.setSystemTime(Date.now() + 91 * dayMs)
  finish(rows, add(rows, 'late'))
  expect(rows.finished().map(({ name }) => name)).toEqual(['late'])
})

it('journals the end of a transfer, so that restoring a lost database does not bring it back', () => {
  finish(rows, add(rows, 'song.flac'))
  const last = readFileSync(join(folder, 'putdesk.journal'), 'utf8').trimEnd().split('\n').at(-1) ?? ''
  expect(JSON.parse(last.slice(9))[2][0][2]).toMatchObject({ name: 'song.flac', status: 'completed', files: '[]' })
})
