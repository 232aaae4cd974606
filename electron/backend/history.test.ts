import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { History } from './history.ts'
import { openJournal } from './journal.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'putdesk-test-'))
  path = join(folder, 'history.jsonl')
})
afterEach(() => rmSync(folder, { recursive: true }))

const added = (transferId: number) => ({
  accountId: 'a',
  transferId,
  name: `t${transferId}`,
  links: [`http://x/${transferId}`],
  folderId: 0,
  atMs: 1,
})
const left = (transferId: number) => ({
  accountId: 'a',
  transferId,
  name: `t${transferId}`,
  outcome: 'finished' as const,
  sizeBytes: 9,
  itemId: 4,
  folderId: 0,
  links: [`http://x/${transferId}`],
  atMs: 10 + transferId,
})

function filled(): void {
  const history = new History(openJournal(path))
  for (const id of [1, 2, 3]) history.added(added(id))
  for (const id of [1, 2]) history.left(left(id))
}

it('is the same after it has been opened again', () => {
  filled()
  const history = new History(openJournal(path))
  expect(history.list('a').map(({ name }) => name)).toEqual(['t2', 't1'])
  expect(history.list('b')).toEqual([])
  expect(history.allPending('a')).toEqual([{ type: 'added', ...added(3) }])
  history.clear('a', 99)
  const again = new History(openJournal(path))
  expect(again.list('a')).toEqual([])
  expect(again.pending('a', 3)?.links).toEqual(['http://x/3'])
  again.removeAccount('a', 100)
  expect(new History(openJournal(path)).allPending('a')).toEqual([])
})

it('loses only the record that was being written when the power went, wherever it was cut', () => {
  filled()
  const whole = readFileSync(path)
  const lastLine = whole.subarray(0, -1).lastIndexOf('\n') + 1
  for (let size = lastLine; size < whole.length; size += 7) {
    writeFileSync(path, whole)
    truncateSync(path, size)
    const journal = openJournal(path)
    expect(journal.wasDamaged).toBe(false)
    expect(new History(journal).list('a').map(({ name }) => name)).toEqual(['t1'])
  }
  expect(readdirSync(folder)).toEqual(['history.jsonl'])
})

it('keeps a damaged file aside and everything in it that can be read', () => {
  filled()
  const whole = readFileSync(path, 'utf8').split('\n')
  whole[1] = '{"type":"added","accountId":7}'
  whole[3] = '\u0000\u0000garbage'
  writeFileSync(path, whole.join('\n'))
  const journal = openJournal(path)
  expect(journal.wasDamaged).toBe(true)
  expect(new History(journal).list('a').map(({ name }) => name)).toEqual(['t2'])
  const aside = readdirSync(folder).find((name) => name.startsWith('history.jsonl.damaged-'))
  expect(aside !== undefined && readFileSync(join(folder, aside), 'utf8')).toBe(whole.join('\n'))
  expect(openJournal(path).wasDamaged).toBe(false)
})

it('opens where nothing is yet, and writes on after a cut line', () => {
  expect(openJournal(path).records).toEqual([])
  expect(existsSync(path)).toBe(false)
  filled()
  appendFileSync(path, '{"type":"le')
  new History(openJournal(path)).left(left(3))
  expect(new History(openJournal(path)).list('a').map(({ name }) => name)).toEqual(['t3', 't2', 't1'])
})
