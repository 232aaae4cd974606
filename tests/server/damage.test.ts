import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Cores } from '../../server/core/core.ts'
import { openFolder as open, treeOf } from '../support/cores.ts'
import { type Service, startService, until } from '../support/service.ts'
import { startShell } from '../support/shell.ts'
import { memoryFolder } from '../support/temp-folder.ts'
import { file, startWeb } from '../support/web.ts'

const seed = Number(process.env.PUTDESK_SEED ?? Date.now() % 1_000_000)
console.info(`damage with PUTDESK_SEED=${seed}`)
const random = generator(seed)
const shell = startShell()
afterAll(() => shell.stop())

/** The data folder of a service that was stopped in order, and of one that was killed. */
const left = { stopped: '', killed: '' }
/** What is in both: every file by its path, with its bytes. */
let stored: [string, string][] = []

beforeAll(async () => {
  const web = await startWeb()
  const names = Array.from({ length: 10 }, (_, index) => `file ${index}.bin`)
  for (const name of names) web.on(`/${encodeURIComponent(name)}`, file(bytesOf(name)))
  const link = (name: string) => web.url(`/${encodeURIComponent(name)}`)
  web.on('/held.bin', file(Buffer.alloc(3_000_000, 7), { bytesPerSecond: 300_000 }))
  const first = await startService()
  const copied = (name: string) =>
    until(
      () => readFile(join(first.data, 'putdesk.backup.db')).catch(() => Buffer.alloc(0)),
      (copy) => copy.length > 0 && copy.includes(name),
    )
  await copied('')
  await add(first, names.slice(0, 5).map(link))
  await first.stop()
  const second = await startService({ data: first.data })
  await copied(names[4] ?? '')
  await add(second, names.slice(5).map(link))
  const idOf = async (name: string, parent = 0) =>
    (await second.ask('files.list', { parent_id: parent, limit: 100 })).rows.find((row) => row.name === name)?.id
  await second.ask('files.create_dir', { name: 'Folder' })
  await second.ask('files.create_dir', { name: 'Inner', parent_id: await idOf('Folder') })
  await second.ask('files.move', { id: await idOf('file 1.bin'), parent_id: await idOf('Folder') })
  await second.ask('files.move', {
    id: await idOf('file 6.bin'),
    parent_id: await idOf('Inner', Number(await idOf('Folder'))),
  })
  await second.ask('files.rename', { id: await idOf('file 2.bin'), name: 'renamed.bin' })
  await second.ask('files.rename', { id: await idOf('file 3.bin'), name: 'file 2.bin' })
  await second.ask('files.delete', { id: await idOf('file 4.bin') })
  await second.ask('files.delete', { id: await idOf('file 7.bin') })
  await second.ask('transfers.add', { links: [web.url('/held.bin')] })
  await until(
    async () =>
      readdirSync(join(second.data, 'parts')).flatMap((name) => readdirSync(join(second.data, 'parts', name))),
    (parts) => parts.length > 0,
  )
  await until(
    async () =>
      readdirSync(join(second.data, 'content')).flatMap((name) => readdirSync(join(second.data, 'content', name))),
    (contents) => contents.length === 8,
  )
  left.killed = newFolder()
  left.stopped = newFolder()
  await second.kill9()
  await copyFolder(second.data, left.killed)
  await (await startService({ data: second.data })).stop()
  await copyFolder(second.data, left.stopped)
  await web.stop()
  const data = newFolder()
  await copyFolder(left.stopped, data)
  const cores = open(data)
  stored = treeOf(cores)
  await cores.close()
  expect(stored.map(([path]) => path).sort()).toEqual(
    ['/Folder/Inner/file 6.bin', '/Folder/file 1.bin', '/file 0.bin', '/file 2.bin', '/file 5.bin', '/file 8.bin']
      .concat('/file 9.bin', '/renamed.bin')
      .sort(),
  )
})

type Damage = (path: string, outside: string) => void | Promise<void>
const damages: Record<string, Damage> = {
  empty: (path) => writeFileSync(path, ''),
  missing: (path) => rmSync(path, { recursive: true }),
  zeros: (path) => writeFileSync(path, Buffer.alloc(statSync(path).size)),
  'first half': (path) => writeFileSync(path, readFileSync(path).subarray(0, Math.floor(statSync(path).size / 2))),
  'second half of noise': (path) => writeFileSync(path, noisy(readFileSync(path))),
  'a bit flipped by the disk': (path) => flip(path),
  'another bit flipped by the disk': (path) => flip(path),
  'a third bit flipped by the disk': (path) => flip(path),
  'something added': (path) => appendFileSync(path, noisy(Buffer.alloc(600))),
  'another type': (path) => writeFileSync(path, '{"files": null}'),
  'another database': (path) => {
    rmSync(path)
    const other = new DatabaseSync(path)
    other.exec('CREATE TABLE items (x); INSERT INTO items VALUES (1)')
    other.close()
  },
  'a folder': (path, outside) => {
    renameSync(path, join(outside, basename(path)))
    mkdirSync(path)
    writeFileSync(join(path, 'of another program'), 'x')
  },
  'a link to it': (path, outside) => {
    renameSync(path, join(outside, basename(path)))
    symlinkSync(join(outside, basename(path)), path)
  },
  'read-only': (path) => chmodSync(path, 0o444),
}
const lists = ['putdesk.db', 'putdesk.db-wal']
const copies = ['putdesk.backup.db', 'putdesk.backup-1.db']
const helpers = [...copies, 'putdesk.copies', 'putdesk.journal', 'putdesk.journal-1', 'putdesk.seal']

it.each(
  (['stopped', 'killed'] as const).flatMap((how) =>
    [...lists, ...helpers, 'lock.db'].map((name): [typeof how, string] => [how, name]),
  ),
)(
  'after the service was %s, loses no file whatever the damage to %s, and reports the damage',
  async (how, name) => {
    for (const [what, damage] of Object.entries(damages)) {
      const [data, outside] = [newFolder(), newFolder()]
      await copyFolder(left[how], data)
      const path = join(data, name)
      if (!existsSync(path)) return
      if (/bit|noise/.test(what) && statSync(path).size === 0) continue
      await damage(path, outside)
      const damaged = lstatSync(path, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(path) : null
      const label = `${name}, ${what}, ${how}, seed ${seed}`
      if (name === 'lock.db' && what === 'a folder') {
        expect(() => open(data), label).toThrow(/lock\.db” is a folder where a file is needed/)
        continue
      }
      const first = open(data)
      check(first, label)
      await first.start()
      const { notice } = first
      check(first, label)
      await first.close()
      // After a kill, the write-ahead log wins over the database file itself, and a stale tail of the log does not matter.
      // Only the content of deleted files is gone: no file in the list lacks its content.
      expect(notice ?? '', label).not.toMatch(/content/)
      const canBeWithout = how === 'killed' && /bit|added|another database/.test(what)
      if (lists.includes(name) && !['a link to it', 'read-only'].includes(what) && !canBeWithout) {
        expect(notice, label).toMatch(/^The (list of your files|last)/)
      }
      if (name === 'putdesk.db' && damaged !== null && notice?.includes('damaged') === true && damaged.length > 0) {
        const aside = readdirSync(data).filter((one) => one.startsWith('putdesk.db.damaged-') && !one.includes('-wal'))
        expect(
          aside.map((one) => readFileSync(join(data, one)).equals(damaged)),
          label,
        ).toContain(true)
      }
      expect(readdirSync(outside).length <= 3, label).toBe(true)
      const second = open(data)
      expect([second.notice, treeOf(second)], label).toEqual([null, stored])
      await second.close()
      rmSync(data, { recursive: true })
      rmSync(outside, { recursive: true })
    }
  },
  60_000,
)

it.each(copies)('never restores the list from a copy with damage that SQLite does not notice: %s', async (copy) => {
  for (const how of ['killed', 'stopped'] as const) {
    for (const [what, pattern] of [
      ['the name of a content', /[0-9a-f]{32}/g],
      ['the name of an item', /file \d\.bin/g],
    ] as const) {
      for (const from of ['as it was', 'with a list that is gone']) {
        const data = newFolder()
        await copyFolder(left[how], data)
        const text = readFileSync(join(data, copy), 'latin1')
        writeFileSync(
          join(data, copy),
          text.replaceAll(pattern, (found) => `x${found.slice(1)}`),
          'latin1',
        )
        if (from !== 'as it was') for (const list of lists) rmSync(join(data, list), { force: true })
        const cores = open(data)
        const label = `${what}, ${how}, ${from}`
        expect(treeOf(cores), label).toEqual(stored)
        if (from === 'as it was') expect(cores.notice, label).toBe(null)
        await cores.close()
        rmSync(data, { recursive: true })
      }
    }
  }
})

/** What no restart may lose of the list in a closed data folder: every row, without progress and figures. */
function rowsIn(data: string): string {
  const sql = new DatabaseSync(join(data, 'putdesk.db'), { readOnly: true })
  const rows = [
    'SELECT id, name FROM users ORDER BY id',
    'SELECT id, user_id, parent_id, name, folded, extension, kind, content, created_at FROM items ORDER BY id',
    'SELECT id, user_id, links, name, folder_id, content, created_at FROM transfers ORDER BY id',
    'SELECT * FROM messages ORDER BY id',
    'SELECT id, user_id, name, url, do_filters, dont_filters, folder_id, paused FROM subscriptions ORDER BY id',
  ].map((query) => sql.prepare(query).all())
  sql.close()
  return JSON.stringify(rows)
}

it.each(['stopped', 'killed'] as const)(
  'after the service was %s, keeps every file when the disk flips any bit of the list, and reports what it restored',
  async (how) => {
    const opened = async (damage: (path: string) => void | Promise<void>) => {
      const data = newFolder()
      await copyFolder(left[how], data)
      await damage(join(data, 'putdesk.db'))
      const cores = open(data)
      const { notice } = cores
      const tree = treeOf(cores)
      await cores.close()
      const rows = rowsIn(data)
      rmSync(data, { recursive: true })
      return { notice, tree, rows }
    }
    const whole = await opened(() => undefined)
    expect([whole.notice, whole.tree]).toEqual([null, stored])
    const bytes = readFileSync(join(left[how], 'putdesk.db'))
    const sql = new DatabaseSync(join(left.stopped, 'putdesk.db'), { readOnly: true })
    const databaseId = String(sql.prepare('SELECT database_id FROM written').get()?.database_id)
    sql.close()
    // In the texts of every table, in what identifies the list, and at random places.
    const texts = [databaseId, 'file-arrived', 'http://127.0.0.1:', 'renamed.bin', 'file 5.bin', 'bin'].flatMap(
      (text) => {
        const at = bytes.indexOf(text)
        return at === -1 ? [] : [at, at + text.length - 1, bytes.lastIndexOf(text)]
      },
    )
    const anywhere = Array.from({ length: 15 }, () => Math.floor(random() * bytes.length))
    for (const at of [...texts, ...anywhere]) {
      const label = `${how}, byte ${at} of ${bytes.length}, seed ${seed}`
      const { notice, tree, rows } = await opened((path) => flip(path, at))
      expect(tree, label).toEqual(stored)
      if (notice === null) expect(rows, label).toBe(whole.rows)
      else expect(notice, label).toMatch(/^The list of your files was damaged/)
    }
  },
)

it('does not apply a write-ahead log left over from another list to the restored copy', async () => {
  const [data, other] = [newFolder(), newFolder()]
  const cores = open(other)
  await cores.start()
  for (let n = 0; n < 200; n++) put(cores, `other ${n} ${'x'.repeat(100)}`, 0)
  const log = readFileSync(join(other, 'putdesk.db-wal'))
  await cores.close()
  await copyFolder(left.stopped, data)
  rmSync(join(data, 'putdesk.db'))
  writeFileSync(join(data, 'putdesk.db-wal'), log)
  const restored = open(data)
  expect(restored.notice).toMatch(/The list of your files was missing/)
  expect(treeOf(restored)).toEqual(stored)
  await restored.close()
  expect(readdirSync(data).filter((name) => /damaged-.*-wal$/.test(name)).length).toBe(1)
})

it('reports and repairs a bit flipped in a table that the last run did not write to, after a kill', async () => {
  const data = newFolder()
  const before = open(data)
  const [core] = before.users
  for (let n = 0; n < 300; n += 1) {
    core?.messages.addNotice(`an old message, number ${n}`)
    core?.transfers.add([`old link number ${n}`], 0)
    core?.space.createFolder(`old folder number ${n}`, 0)
  }
  await before.start()
  await before.close()
  const running = open(data)
  await running.start()
  running.users[0]?.space.createFolder('new folder', 0)
  const killed = newFolder()
  await copyFolder(data, killed)
  await running.close()
  const opened = async (damage: (path: string) => void | Promise<void>) => {
    const copy = newFolder()
    await copyFolder(killed, copy)
    await damage(join(copy, 'putdesk.db'))
    const cores = open(copy)
    const { notice } = cores
    await cores.close()
    return { notice, rows: rowsIn(copy) }
  }
  const whole = await opened(() => undefined)
  expect([whole.notice, whole.rows.includes('new folder')]).toEqual([null, true])
  const bytes = readFileSync(join(killed, 'putdesk.db'))
  const told: string[] = []
  for (const text of ['an old message, number 150', 'old link number 150', 'old folder number 150']) {
    // Some of them are in pages that are in the log as well, or that are free: damage there does no harm.
    for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + 1)) {
      const { notice, rows } = await opened((path) => flip(path, at + 4))
      const [users, items, transfers, messages, ...others] = JSON.parse(rows)
      // The message that reports it is new.
      expect(JSON.stringify([users, items, transfers, messages.slice(0, 300), ...others]), text).toBe(whole.rows)
      if (notice === null) continue
      expect(notice, text).toMatch(/^The list of your files was damaged/)
      told.push(text)
    }
  }
  expect(told).toEqual(expect.arrayContaining(['an old message, number 150', 'old link number 150']))
})

it.each([
  ["links = 'no list'", []],
  ["files = '[{'", ['a link']],
  ["plan = '{'", ['a link']],
  ["item_ids = 'x'", ['a link']],
  ["resume = '}', kind = 'torrent'", ['a link']],
  ["status = 'Of tomorrow'", ['a link']],
  ["stage = 'of tomorrow'", ['a link']],
])(
  'starts with one transfer with %s, goes on with the others, and reports what is wrong with this one',
  async (change, links) => {
    const data = newFolder()
    const before = open(data)
    const [first, second] = before.users[0]?.transfers.add(['a link', 'another link'], 0) ?? []
    await before.close()
    const db = new DatabaseSync(join(data, 'putdesk.db'))
    db.exec(`UPDATE transfers SET status = 'waiting', reason = NULL, ${change} WHERE id = ${first?.id}`)
    db.close()
    const cores = open(data)
    const transfers = cores.users[0]?.transfers
    await cores.start()
    await until(
      async () => transfers?.list().map(({ status }) => status),
      (all) => JSON.stringify(all) === '["error","error"]',
    )
    const [odd, other] = transfers?.list() ?? []
    expect([odd?.id, odd?.links, odd?.reason === null, other?.id, other?.reason]).toEqual([
      first?.id,
      links,
      false,
      second?.id,
      second?.reason,
    ])
    if (links.length === 0)
      expect(() => transfers?.retry(odd?.id ?? 0, { password: null, isUnpacked: true })).toThrow('Add them again')
    await cores.close()
  },
)

it('uses a list that another program changed as it is, and reports the change', async () => {
  const data = newFolder()
  await copyFolder(left.stopped, data)
  const db = new DatabaseSync(join(data, 'putdesk.db'))
  db.exec("UPDATE items SET name = 'by hand.bin' WHERE name = 'renamed.bin'")
  db.close()
  const cores = open(data)
  expect([cores.notice, treeOf(cores).some(([path]) => path === '/by hand.bin')]).toEqual([
    expect.stringMatching(/was changed while Putdesk was not running\. It is used as it is now/),
    true,
  ])
  await cores.close()
})

it.each(lists)('adopts every stored file when %s is garbage and all copies and journals are gone', async (name) => {
  const data = newFolder()
  await copyFolder(left.killed, data)
  for (const one of [...lists, ...helpers]) rmSync(join(data, one), { force: true })
  writeFileSync(join(data, name), noisy(Buffer.alloc(8192)))
  const cores = open(data)
  expect(bytesIn(treeOf(cores))).toEqual(bytesIn(stored))
  expect(cores.notice).toMatch(/8 files that the list did not know are in “Recovered files”/)
  await cores.close()
})

it('recovers what can still be read, with its names, from a damaged list without copies and journals', async () => {
  const data = newFolder()
  await copyFolder(left.stopped, data)
  for (const one of helpers) rmSync(join(data, one), { force: true })
  const path = join(data, 'putdesk.db')
  const bytes = readFileSync(path)
  const db = new DatabaseSync(path)
  const root = Number(db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'items_by_age'").get()?.rootpage)
  db.close()
  // One page of an index is noise; no row is damaged.
  noisy(Buffer.alloc(8192)).copy(bytes, (root - 1) * 4096, 4096)
  writeFileSync(path, bytes)
  const cores = open(data)
  expect(treeOf(cores)).toEqual(stored)
  expect(cores.notice).toMatch(/damaged: .*there was no copy to restore\. What could still be read/)
  await cores.close()
})

it.each(['putdesk.db', 'both'])('refuses %s of a newer version, and changes no byte', async (which) => {
  const data = newFolder()
  await copyFolder(left.stopped, data)
  for (const name of which === 'both' ? ['putdesk.db', 'putdesk.backup.db'] : ['putdesk.db']) {
    const bytes = readFileSync(join(data, name))
    bytes.writeUInt32BE(99, 60)
    writeFileSync(join(data, name), bytes)
  }
  const before = filesIn(data)
  expect(() => open(data)).toThrow(/was written by a newer version of Putdesk\. Nothing in it was changed/)
  expect(filesIn(data)).toEqual(before)
})

it('starts from a copy without a journal that still lists what a second user has deleted', async () => {
  const data = newFolder()
  const first = open(data, ['ann', 'bob'])
  await first.start()
  const bob = first.users[1]
  if (bob === undefined) throw new Error('there is no second user')
  put(first, 'ann.txt', 0)
  put(first, 'bob.txt', 1)
  await first.close()
  const second = open(data, ['ann', 'bob'])
  await second.start()
  const [item] =
    second.users[1]?.space.list(0, { offset: 0, limit: 1, kinds: null, order: { by: 'id', isDescending: false } }) ?? []
  second.users[1]?.space.remove([item?.id ?? 0])
  await until(
    async () => contentsIn(data),
    (contents) => contents.length === 1,
  )
  await second.close()
  for (const name of ['putdesk.db', 'putdesk.journal', 'putdesk.journal-1']) rmSync(join(data, name), { force: true })
  const third = open(data, ['ann', 'bob'])
  expect([third.notice, treeOf(third, 0)]).toEqual([expect.stringMatching(/missing/), [['/ann.txt', hex('ann.txt')]]])
  await third.close()
})

it.each([
  ['parts', 'in a folder of others'],
  ['content', 'in a folder of others'],
])('when %s is a link, leaves the files of others in that folder alone', async (name) => {
  const [data, outside] = [newFolder(), newFolder()]
  await copyFolder(left.stopped, data)
  const elsewhere = join(outside, 'disk')
  renameSync(join(data, name), elsewhere)
  symlinkSync(elsewhere, join(data, name))
  const foreign = ['photos/ann.jpg', 'ab.txt', `${'ab'.repeat(16)}/0`, `ab/${'ab'.repeat(16)}.jpg`, 'ab/ab/x']
  for (const one of foreign) {
    mkdirSync(dirname(join(elsewhere, one)), { recursive: true })
    writeFileSync(join(elsewhere, one), 'not ours')
  }
  for (const _turn of [1, 2]) {
    const cores = open(data)
    check(cores, name)
    await cores.start()
    await cores.close()
  }
  expect(foreign.filter((one) => readFileSync(join(elsewhere, one), 'utf8') === 'not ours')).toEqual(foreign)
})

function copyTime(data: string): bigint | null {
  return statSync(join(data, 'putdesk.backup.db'), { bigint: true, throwIfNoEntry: false })?.mtimeNs ?? null
}

it('restores from the copy what the journals lack when the write-ahead log is gone after three kills', async () => {
  const data = newFolder()
  for (let run = 0; run < 4; run++) {
    const before = copyTime(data)
    const service = await startService({ data })
    // Wait until this run has made its copy and started its journal over.
    await until(
      async () => copyTime(data),
      (time) => time !== before,
    )
    for (let n = 0; n < 8; n++) await service.ask('files.create_dir', { name: `folder ${run} ${n}` })
    await (run === 0 ? service.stop() : service.kill9())
  }
  rmSync(join(data, 'putdesk.db-wal'))
  const service = await startService({ data })
  const { rows } = await service.ask('files.list', { limit: 100 })
  expect(rows.map(({ name }) => name).sort()).toEqual(
    [0, 1, 2, 3].flatMap((run) => [...Array(8).keys()].map((n) => `folder ${run} ${n}`)),
  )
  expect(service.notice).toMatch(/the last good copy was restored/)
  await service.stop()
})

it('reports a missing content file once, and keeps its item until it is back', async () => {
  const data = newFolder()
  await copyFolder(left.stopped, data)
  const [path = ''] = contentsIn(data)
  renameSync(path, join(data, 'elsewhere'))
  const notices: (string | null)[] = []
  for (const _turn of [1, 2]) {
    const cores = open(data)
    notices.push(cores.notice)
    expect(treeOf(cores).length).toBe(stored.length)
    expect(usedOf(cores)).toBe(sizeOf(cores))
    await cores.close()
  }
  renameSync(join(data, 'elsewhere'), path)
  const cores = open(data)
  check(cores, 'back')
  await cores.close()
  expect(notices).toEqual(['The content of a file is missing on the disk; the file stays in the list.', null])
})

it('does not report the contents of a deleted folder as missing when the deletion is replayed', async () => {
  const data = newFolder()
  const first = open(data)
  await first.start()
  const [core] = first.users
  if (core === undefined) throw new Error('there is no user')
  const folder = core.space.createFolder('Folder', 0)
  const inner = core.space.createFolder('Inner', folder.id)
  put(first, 'inner.txt', 0, inner.id)
  put(first, 'kept.txt', 0)
  await first.close()
  const second = open(data)
  await second.start()
  second.users[0]?.space.remove([folder.id])
  await until(
    async () => contentsIn(data),
    (contents) => contents.length === 1,
  )
  await second.close()
  rmSync(join(data, 'putdesk.db'))
  const third = open(data)
  expect([third.notice, treeOf(third)]).toEqual([
    'The list of your files was missing, and the last good copy was restored. What changed after it is back too.',
    [['/kept.txt', hex('kept.txt')]],
  ])
  await third.close()
})

function check(cores: Cores, label: string): void {
  expect(treeOf(cores), label).toEqual(stored)
  expect(usedOf(cores), label).toBe(sizeOf(cores))
}

function usedOf({ users }: Cores): number {
  return users[0]?.space.storedBytes() ?? -1
}

function sizeOf({ users }: Cores): number {
  return users[0]?.space.search('content IS NOT NULL', []).reduce((sum, item) => sum + item.sizeBytes, 0) ?? -1
}

function put({ users }: Cores, name: string, index: number, parentId = 0): void {
  const core = users[index]
  if (core === undefined) throw new Error('there is no such user')
  const content = Buffer.from(name.padEnd(16, '.')).toString('hex')
  mkdirSync(dirname(core.content.path(content)), { recursive: true })
  writeFileSync(core.content.path(content), bytesOf(name))
  core.space.addFile({ name, parentId, sizeBytes: bytesOf(name).length, content })
}

async function add(service: Service, links: string[]): Promise<void> {
  await service.ask('transfers.add', { links })
  await until(
    () => service.ask('transfers.list'),
    ({ rows }) => rows.length === 0,
  )
}

function bytesOf(name: string): Buffer {
  return Buffer.from(`what is in ${name} `.repeat(name.length))
}

function hex(name: string): string {
  return bytesOf(name).toString('hex')
}

function bytesIn(tree: [string, string][]): string[] {
  return tree.map(([, bytes]) => bytes).sort()
}

function contentsIn(data: string): string[] {
  const shelves = readdirSync(join(data, 'content')).map((shelf) => join(data, 'content', shelf))
  return shelves.flatMap((shelf) => readdirSync(shelf).map((name) => join(shelf, name)))
}

function filesIn(data: string): [string, string][] {
  return readdirSync(data, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(data, name)).isFile())
    .sort()
    .map((name) => [name, readFileSync(join(data, name)).toString('base64')])
}

/** In memory where possible: hundreds of starts flush their files to the disk. */
function newFolder(): string {
  return memoryFolder('damage')
}

/** Keeps the modification times to the nanosecond, which the seal of the list records. */
function copyFolder(from: string, to: string): Promise<void> {
  return shell.run('cp', '-a', `${from}/.`, to)
}

/** Flips a bit as a failing disk does: the modification time stays the same, to the nanosecond. */
async function flip(path: string, at = Math.floor(random() * statSync(path).size)): Promise<void> {
  const bytes = readFileSync(path)
  const time = `${path}.time`
  await shell.run('touch', '-r', path, time)
  bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8))
  writeFileSync(path, bytes)
  await shell.run('touch', '-r', time, path)
  rmSync(time)
}

function noisy(bytes: Buffer): Buffer {
  for (let at = Math.floor(bytes.length / 2); at < bytes.length; at += 1) bytes[at] = Math.floor(random() * 256)
  return bytes
}

/** Mulberry32. */
function generator(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
