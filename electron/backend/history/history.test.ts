import {
  appendFileSync,
  existsSync,
  mkdirSync,
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
import { LinkSeal } from '../secrets/link-seal.ts'
import { Vault } from '../secrets/vault.ts'
import { History } from './history.ts'
import { openJournal } from './journal.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'putdesk-test-'))
  path = join(folder, 'history.jsonl')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Opens the journal, and collects the notices to the user. */
function openWithNotices() {
  const told: string[] = []
  return { ...openJournal({ path, tell: (sentence) => told.push(sentence) }), told }
}

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
  note: null,
})

function filled(): void {
  const history = new History(openWithNotices())
  for (const id of [1, 2, 3]) history.added(added(id))
  for (const id of [1, 2]) history.left(left(id))
}

it('is the same after it is reopened', () => {
  filled()
  const history = new History(openWithNotices())
  expect(history.list('a').map(({ name }) => name)).toEqual(['t2', 't1'])
  expect(history.list('b')).toEqual([])
  expect(history.allPending('a')).toEqual([{ type: 'added', ...added(3) }])
  history.clear('a', 99)
  const again = new History(openWithNotices())
  expect(again.list('a')).toEqual([])
  expect(again.pending('a', 3)?.links).toEqual(['http://x/3'])
  again.removeAccount('a', 100)
  expect(new History(openWithNotices()).allPending('a')).toEqual([])
})

it('reads records of an earlier version, which had no notes', () => {
  const { note: _, ...old } = left(1)
  writeFileSync(path, `${JSON.stringify({ type: 'left', ...old })}\n`)
  expect(new History(openWithNotices()).list('a')).toMatchObject([{ name: 't1', note: null }])
})

it('loses only the record that was being written at a power cut, wherever it was truncated', () => {
  filled()
  const whole = readFileSync(path)
  const lastLine = whole.subarray(0, -1).lastIndexOf('\n') + 1
  for (let size = lastLine; size < whole.length - 1; size += 7) {
    // What was never acknowledged is not in the copy either.
    writeFileSync(`${path}.copy`, whole.subarray(0, lastLine))
    writeFileSync(path, whole)
    truncateSync(path, size)
    const journal = openWithNotices()
    expect(journal.told).toEqual([])
    expect(new History(journal).list('a').map(({ name }) => name)).toEqual(['t1'])
  }
  expect(readdirSync(folder).sort()).toEqual(['history.jsonl', 'history.jsonl.copy'])
})

it('sets a damaged file aside, and keeps everything in it that can be read', () => {
  filled()
  const whole = readFileSync(path, 'utf8').split('\n')
  whole[1] = '{"type":"added","accountId":7}'
  whole[3] = '\u0000\u0000garbage'
  writeFileSync(path, whole.join('\n'))
  const journal = openWithNotices()
  expect(journal.told).toEqual([expect.stringContaining('was damaged')])
  expect(new History(journal).list('a').map(({ name }) => name)).toEqual(['t2', 't1'])
  const aside = readdirSync(folder).find((name) => name.startsWith('history.damaged-'))
  expect(aside !== undefined && readFileSync(join(folder, aside), 'utf8')).toBe(whole.join('\n'))
  expect(openWithNotices().told).toEqual([])
})

it('keeps a record that cannot be saved, says so, and saves it later', () => {
  filled()
  const whole = readFileSync(path)
  rmSync(folder, { recursive: true })
  const problems: (string | null)[] = []
  const journal = openJournal({ path, onSaved: (problem) => problems.push(problem) })
  const history = new History(journal)
  history.added(added(9))
  expect(problems).toEqual([expect.stringMatching(/^The history cannot be saved: its folder is gone\. /)])
  expect(history.pending('a', 9)?.name).toBe('t9')
  mkdirSync(folder)
  writeFileSync(path, whole)
  journal.close()
  expect(problems.at(-1)).toBe(null)
  expect(new History(openWithNotices()).allPending('a').map(({ name }) => name)).toEqual(['t3', 't9'])
})

it('skips zeros and a line of 100 MB, and reports the damage', () => {
  filled()
  const whole = readFileSync(path)
  const line = Buffer.alloc(100_000_000, 'x')
  writeFileSync(path, Buffer.concat([Buffer.alloc(5000), whole, line, Buffer.from('\n')]))
  const before = process.memoryUsage().rss
  const journal = openWithNotices()
  expect(process.memoryUsage().rss - before).toBeLessThan(60_000_000)
  expect(journal.told).toEqual([expect.stringContaining('was damaged')])
  expect(new History(journal).list('a').map(({ name }) => name)).toEqual(['t2', 't1'])
})

it('opens without a file, and appends after a truncated line', () => {
  expect(openWithNotices().records).toEqual([])
  expect(existsSync(path)).toBe(false)
  filled()
  appendFileSync(path, '{"type":"le')
  new History(openWithNotices()).left(left(3))
  expect(new History(openWithNotices()).list('a').map(({ name }) => name)).toEqual(['t3', 't2', 't1'])
})

it('restores what was cleared, also after it is reopened, and each clearing by itself', () => {
  filled()
  const namesIn = (history: History) => history.list('a').map(({ name }) => name)
  const history = new History(openWithNotices())
  const first = history.clear('a', 99)
  history.left(left(3))
  const second = history.clear('a', 99)
  expect([first, second, namesIn(history)]).toEqual([99, 100, []])
  expect(history.restore('a', second, 101)).toBe(true)
  expect(namesIn(history)).toEqual(['t3'])
  const again = new History(openWithNotices())
  expect(namesIn(again)).toEqual(['t3'])
  expect([again.restore('a', first, 102), again.restore('a', first, 103)]).toEqual([true, false])
  expect(namesIn(again)).toEqual(['t3', 't2', 't1'])
  expect(namesIn(new History(openWithNotices()))).toEqual(['t3', 't2', 't1'])
})

/** A vault in the same folder; `isProtected`: the system protects it. `canEncrypt`: it succeeds. */
function openSeal(isProtected: boolean, { canEncrypt = true } = {}): Promise<LinkSeal> {
  const keeper = {
    isProtected: async () => isProtected,
    encrypt: async (secret: string) => {
      if (!canEncrypt) throw new Error('the keyring is locked')
      return Buffer.from(secret).reverse()
    },
    decrypt: async (bytes: Buffer) => Buffer.from(bytes).reverse().toString(),
  }
  const vault = new Vault({ folder, keeper, tell: () => undefined, onSaved: () => undefined })
  return LinkSeal.open(vault)
}

const stored = () =>
  readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n')

const secretLinks = [
  'http://me:sesame@x/1',
  'http://x/1?token=sesame',
  'http://x/1#sesame',
  'http://x/0123456789sesame/1',
  'magnet:?xt=urn:btih:0123456789012345678901234567890123456789&tr=http%3A%2F%2Fx%2Fsesame%2Fannounce',
]

it.each(secretLinks)(
  'stores no link in clear that may contain a secret, and knows it after a restart: %s',
  async (link) => {
    const history = new History(openWithNotices())
    history.useSeal(await openSeal(true))
    for (const id of [1, 2]) history.added({ ...added(id), links: [link, 'http://x/plain'] })
    history.left({ ...left(1), links: [link] })
    history.left({ ...left(3), links: ['http://x/plain'] })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(stored()).not.toContain('sesame')

    const again = new History(openWithNotices())
    again.useSeal(await openSeal(true))
    expect(again.pending('a', 2)?.links).toEqual([link, 'http://x/plain'])
    expect(again.list('a').map(({ id, areLinksKnown }) => [areLinksKnown, again.linksOf('a', id)])).toEqual([
      [true, ['http://x/plain']],
      [true, [link]],
    ])
    expect(again.linksOf('b', again.list('a')[0]?.id ?? '')).toBeNull()
  },
)

it('stores no link that may contain a secret where nothing protects it', async () => {
  const history = new History(openWithNotices())
  history.useSeal(await openSeal(false))
  history.added({ ...added(1), links: [...secretLinks, 'http://x/plain'] })
  expect(history.pending('a', 1)?.links).toEqual([...secretLinks, 'http://x/plain'])
  expect(stored()).not.toContain('sesame')
  // What can be kept of a magnet is kept.
  const magnet = 'magnet:?xt=urn:btih:0123456789012345678901234567890123456789'
  expect(new History(openWithNotices()).pending('a', 1)?.links).toEqual([magnet, 'http://x/plain'])
})

it('encrypts the links that an earlier version has stored in clear', async () => {
  const old = openJournal({ path })
  old.append({ type: 'added', ...added(1), links: secretLinks })
  old.append({ type: 'left', ...left(2), links: secretLinks })
  old.append({ type: 'added', ...added(3) })
  old.close()
  expect(stored()).toContain('sesame')

  const history = new History(openWithNotices())
  history.useSeal(await openSeal(true))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(stored()).not.toContain('sesame')
  const again = openWithNotices()
  const reopened = new History(again)
  reopened.useSeal(await openSeal(true))
  expect([again.told, reopened.allPending('a').map(({ links }) => links)]).toEqual([[], [secretLinks, ['http://x/3']]])
  expect(reopened.linksOf('a', reopened.list('a')[0]?.id ?? '')).toEqual(secretLinks)
})

it('keeps the links of an earlier version where nothing protects them', async () => {
  const old = openJournal({ path })
  old.append({ type: 'added', ...added(1), links: secretLinks })
  old.close()
  const history = new History(openWithNotices())
  history.useSeal(await openSeal(false))
  const again = new History(openWithNotices())
  again.useSeal(await openSeal(true))
  expect([history, again].map((one) => one.pending('a', 1)?.links)).toEqual([secretLinks, secretLinks])
})

it('encrypts nothing with a key that could not be stored, and does so after the next start', async () => {
  const history = new History(openWithNotices())
  history.useSeal(await openSeal(true, { canEncrypt: false }))
  history.added({ ...added(1), links: ['http://x/plain', ...secretLinks] })
  expect(stored()).not.toContain('sesame')
  const again = new History(openWithNotices())
  again.useSeal(await openSeal(true))
  expect(again.pending('a', 1)?.links).toContain('http://x/plain')
  again.added({ ...added(2), links: secretLinks })
  const last = new History(openWithNotices())
  last.useSeal(await openSeal(true))
  expect(last.pending('a', 2)?.links).toEqual(secretLinks)
})

it('keeps the encrypted links of a transfer that leaves while they cannot be read', async () => {
  const history = new History(openWithNotices())
  history.useSeal(await openSeal(true))
  history.added({ ...added(1), links: secretLinks })
  const locked = new History(openWithNotices())
  locked.useSeal(await openSeal(false))
  const { links = [] } = locked.pending('a', 1) ?? {}
  locked.left({ ...left(1), links: [...links] })
  const again = new History(openWithNotices())
  again.useSeal(await openSeal(true))
  expect(again.linksOf('a', again.list('a')[0]?.id ?? '')).toEqual(secretLinks)
})

it.each([
  ['the copy was removed', (copy: string) => rmSync(copy)],
  ['the copy could not be made again', (copy: string) => writeFileSync(copy, '')],
])('has every entry once, without a word, when it ended while it encrypted links and %s', async (_what, end) => {
  const old = openJournal({ path })
  for (const id of [1, 2, 3]) old.append({ type: 'left', ...left(id), links: secretLinks })
  old.close()
  const history = new History(openWithNotices())
  history.useSeal(await openSeal(true))
  end(`${path}.copy`)
  const again = openWithNotices()
  const reopened = new History(again)
  reopened.useSeal(await openSeal(true))
  expect([again.told, reopened.list('a').map(({ id }) => id)]).toEqual([[], ['a-3-13', 'a-2-12', 'a-1-11']])
})

it('changes nothing where its folder cannot be written while it encrypts links', async () => {
  const old = openJournal({ path })
  old.append({ type: 'left', ...left(1), links: secretLinks })
  old.close()
  const seal = await openSeal(true)
  const history = new History(openWithNotices())
  rmSync(`${path}.copy`)
  mkdirSync(`${path}.copy`)
  history.useSeal(seal)
  expect(history.linksOf('a', history.list('a')[0]?.id ?? '')).toEqual(secretLinks)
  rmSync(`${path}.copy`, { recursive: true })
  expect(readFileSync(path, 'utf8')).toContain('sesame')
})
