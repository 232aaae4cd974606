import { createHash, randomBytes } from 'node:crypto'
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import type { Readable } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'
import { namesOf } from '../../shared/item-kinds.ts'
import type { Send, SendId } from '../../shared/send.ts'
import { openBackend, type TestBackend, type TestBackendOptions } from '../support/backend.ts'
import { has } from '../support/facilities.ts'
import { until } from '../support/service.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

// Files and folders of this computer are sent up into an account of the real local service.

let open: TestBackend[] = []
afterEach(async () => {
  for (const { backend } of open) await backend.close()
  open = []
})

const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** The names of files with their checksums, and of folders, which end with a slash. */
type Tree = Record<string, string>

interface Sender extends TestBackend {
  accountId: string
  /** The list as the events have it. */
  sends: Map<SendId, Send>
  /** Sends paths into the top folder, or into another one. */
  send(paths: readonly string[], conflict?: 'skip' | 'keep-both' | 'replace', folderId?: number): Promise<SendId[]>
  /** Resolves when a send meets a condition. */
  when(id: SendId | undefined, isWanted: (send: Send) => boolean): Promise<Send>
  /** What is in the account. */
  tree(folderId?: number): Promise<Tree>
}

/** The app with its list of sends. */
async function openSender(options: TestBackendOptions = {}): Promise<Sender> {
  const app = openBackend(options)
  open.push(app)
  const { client, backend } = app
  const sends = new Map<SendId, Send>()
  client.on('sends.changed', ({ isReset, upserted, removed }) => {
    if (isReset) sends.clear()
    for (const id of removed) sends.delete(id)
    for (const send of upserted) sends.set(send.id, send)
  })
  let accountId = ''
  client.on('accounts.changed', ([first]) => {
    accountId = first?.id ?? ''
  })
  if (options.dataFolder === undefined) await client.call('accounts.addThisComputer', {})
  await client.call('sync', {})
  async function tree(folderId = 0, prefix = ''): Promise<Tree> {
    const { items } = await client.call('items.open', { accountId, folderId, isReload: true })
    const found: Tree = {}
    for (const [at, name] of namesOf(items).entries()) {
      const id = items.ids[at] ?? -1
      let path = `${prefix}${name}`
      if (items.kinds[at] === folderKind) Object.assign(found, { [`${path}/`]: '' }, await tree(id, `${path}/`))
      else {
        // Two of one name would be one here.
        while (path in found) path += ' twice'
        const url = await client.call('contents.open', { accountId, itemId: id, isPlayed: true })
        const { body } = await backend.readContent({ id: new URL(url).host, method: 'GET', range: null })
        found[path] = sha(await all(body))
      }
    }
    return found
  }
  return {
    ...app,
    accountId,
    sends,
    send: (paths, conflict = 'keep-both', folderId = 0) =>
      client.call('sends.add', { accountId, folderId, paths: [...paths], conflict }),
    when: (id, isWanted) =>
      until(
        async () => sends.get(id ?? '') ?? null,
        (send) => send !== null && isWanted(send),
      ) as Promise<Send>,
    tree: (folderId) => tree(folderId),
  }
}
async function all(body: Readable | null): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of body ?? []) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}
const folderKind = 0
const isSent = ({ status }: Send) => status === 'sent'

/** Writes files into a new folder of this computer. A name that ends with a slash is a folder. */
function makeTree(files: Record<string, string | Uint8Array>, name = 'Album'): string {
  const folder = join(temporaryFolder('to-send'), name)
  mkdirSync(folder)
  for (const [path, content] of Object.entries(files)) {
    const full = join(folder, path)
    mkdirSync(path.endsWith('/') ? full : dirname(full), { recursive: true })
    if (!path.endsWith('/')) writeFileSync(full, content)
  }
  return folder
}

function localTree(folder: string, name = basename(folder)): Tree {
  const found: Tree = { [`${name}/`]: '' }
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const key = `${name}/${relative(folder, path).replaceAll(sep, '/')}`
    if (entry.isDirectory()) found[`${key}/`] = ''
    else if (entry.isFile()) found[key] = sha(readFileSync(path))
  }
  return found
}

/** More than the list of what was sent keeps. */
const many = process.env.PUTDESK_ROUNDS === undefined ? 400 : 1000

/** A folder of 150 files, small ones and one that takes a while, with folders in it, also empty ones. */
function makeLarge(): string {
  const files: Record<string, string | Uint8Array> = { 'Nothing here/': '', 'Disc 2/Nothing there/': '' }
  for (let at = 0; at < 146; at += 1)
    files[`${at % 3 === 0 ? '' : `Disc ${at % 3}/`}song ${at}.bin`] = randomBytes(at * 11)
  return makeTree({
    ...files,
    'Disc 1/Inner/deep.bin': randomBytes(9_000_000),
    ...(has('file names of Unix') ? { 'q?: *"<>|\\.txt': 'odd', ' .leading': 'odd', 'trailing. ': 'odd' } : {}),
    'ünïcödé 🎵 e\u0301.txt': 'odd',
  })
}

describe('a folder of 150 files', () => {
  it('arrives with its tree, each file once, though the service is killed in the middle and the app restarts', async () => {
    const folder = makeLarge()
    const first = await openSender()
    const [id] = await first.send([folder])
    await first.when(id, ({ doneFiles }) => doneFiles > 30)
    first.killService()
    await first.when(id, ({ doneFiles }) => doneFiles > 70)
    await first.backend.close()
    open = []
    const again = await openSender({ dataFolder: first.dataFolder })
    const send = await again.when(id, isSent)
    expect(send).toMatchObject({ totalFiles: send.doneFiles, skippedFiles: 0, reason: null, isMerged: false })
    expect(await again.tree()).toEqual(localTree(folder))
  })

  it('is paused, goes on where it was, and stops when it is removed; what was removed can be put back', async () => {
    const { client, send, when, sends, tree } = await openSender({ holdMs: 60_000 })
    const folder = makeLarge()
    const [id = ''] = await send([folder])
    await when(id, ({ doneFiles }) => doneFiles > 20)
    await client.call('sends.pause', { sendIds: [id] })
    const { doneFiles } = await when(id, ({ status }) => status === 'paused')
    expect(doneFiles).toBeLessThan(149)
    await client.call('sends.resume', { sendIds: [id] })
    await when(id, (one) => one.status === 'sending' && one.doneFiles > doneFiles)
    await client.call('sends.remove', { sendIds: [id] })
    expect(sends.size).toBe(0)
    expect(await client.call('sends.keep', { sendIds: [id, 'of no send'] })).toEqual(['of no send'])
    await when(id, isSent)
    expect(await tree()).toEqual(localTree(folder))
  })
})

describe('names that are taken', () => {
  const there = { 'a.txt': 'old', 'only there.txt': 'old', 'Inner/b.txt': 'old' }
  const ours = { 'a.txt': 'new', 'Inner/b.txt': 'new', 'Inner/c.txt': 'new' }
  const [old, fresh] = [sha(Buffer.from('old')), sha(Buffer.from('new'))]
  const kept = { 'Album/': '', 'Album/Inner/': '', 'Album/only there.txt': old }

  it.each([
    ['skip', { ...kept, 'Album/a.txt': old, 'Album/Inner/b.txt': old, 'Album/Inner/c.txt': fresh }, 2],
    ['replace', { ...kept, 'Album/a.txt': fresh, 'Album/Inner/b.txt': fresh, 'Album/Inner/c.txt': fresh }, 0],
    [
      'keep-both',
      {
        ...{ ...kept, 'Album/a.txt': old, 'Album/Inner/b.txt': old, 'Album (1)/': '', 'Album (1)/Inner/': '' },
        ...{ 'Album (1)/a.txt': fresh, 'Album (1)/Inner/b.txt': fresh, 'Album (1)/Inner/c.txt': fresh },
      },
      0,
    ],
  ] as const)('in a folder of the same name: %s', async (conflict, expected, skippedFiles) => {
    const { client, send, when, tree, accountId } = await openSender()
    await when((await send([makeTree(there)]))[0], isSent)
    const folder = makeTree(ours)
    const checked = await client.call('sends.check', { accountId, folderId: 0, paths: [folder] })
    expect(checked).toEqual([{ name: 'Album', isFolder: true }])
    const sent = await when((await send([folder], conflict))[0], isSent)
    expect(sent).toMatchObject({ skippedFiles, isMerged: conflict !== 'keep-both' })
    expect(await tree()).toEqual(expected)
  })

  it.each([
    ['skip', { 'a.txt': old }],
    ['replace', { 'a.txt': fresh }],
    ['keep-both', { 'a.txt': old, 'a (1).txt': fresh }],
  ] as const)('of a single file: %s', async (conflict, expected) => {
    const { send, when, tree } = await openSender()
    await when((await send([join(makeTree({ 'a.txt': 'old' }), 'a.txt')]))[0], isSent)
    await when((await send([join(makeTree({ 'a.txt': 'new' }), 'a.txt')], conflict))[0], isSent)
    expect(await tree()).toEqual(expected)
  })

  it('by another thing that is sent with it: two files and two folders of one name', async () => {
    const { client, send, when, tree, accountId } = await openSender()
    const [one, other] = [makeTree({ 'a.txt': 'old' }), makeTree({ 'a.txt': 'new' })]
    const paths = [join(one, 'a.txt'), join(other, 'a.txt'), one, other]
    expect(await client.call('sends.check', { accountId, folderId: 0, paths })).toEqual([])
    for (const id of await send(paths, 'replace')) await when(id, isSent)
    expect(await tree()).toEqual({
      ...{ 'a.txt': old, 'a (1).txt': fresh, 'Album/': '', 'Album/a.txt': old },
      ...{ 'Album (1)/': '', 'Album (1)/a.txt': fresh },
    })
  })
})

describe('on a bad day', () => {
  it('a file that grows while it is sent arrives as it is in the end', async () => {
    const { send, when, tree } = await openSender()
    const path = join(makeTree({ 'log.txt': Buffer.alloc(120_000_000, 'log ') }), 'log.txt')
    const [id] = await send([path])
    await when(id, ({ status, sentBytes }) => status === 'sending' && sentBytes > 0)
    appendFileSync(path, 'more')
    await when(id, isSent)
    expect(await tree()).toEqual({ 'log.txt': sha(readFileSync(path)) })
    expect(statSync(path).size).toBe(120_000_004)
  })

  it.runIf(has('symbolic links'))('a link in the folder is left out, and that is told', async () => {
    const { send, when, tree } = await openSender()
    const folder = makeTree({ 'a.txt': 'text' })
    symlinkSync('/etc/passwd', join(folder, 'link.txt'))
    const sent = await when((await send([folder]))[0], isSent)
    expect(sent.reason).toBe('“link.txt” was left out: links and devices are not sent.')
    expect(await tree()).toEqual({ 'Album/': '', 'Album/a.txt': sha(Buffer.from('text')) })
  })

  it('one of many that has vanished is listed as failed, holds up no other, and is sent once it is back', async () => {
    const { client, send, when, tree } = await openSender()
    const folder = makeTree({ 'a.txt': 'text', 'b.txt': 'text' })
    const [a, b] = [join(folder, 'a.txt'), join(folder, 'b.txt')]
    rmSync(a)
    const [lost = '', sent] = await send([a, b])
    await when(sent, isSent)
    const problem = { status: 'error', reason: '“a.txt” is not there any more, or cannot be read.' }
    expect(await when(lost, ({ status }) => status === 'error')).toMatchObject(problem)
    await expect(send([a])).rejects.toMatchObject({ code: 'bad-input', message: problem.reason })
    writeFileSync(a, 'text')
    await client.call('sends.resume', { sendIds: [lost] })
    await when(lost, isSent)
    expect(Object.keys(await tree()).sort()).toEqual(['a.txt', 'b.txt'])
  })

  it('a folder that was deleted there while it was paused is sent again as a whole', async () => {
    const { client, send, when, tree, accountId } = await openSender()
    const folder = makeTree({ 'a.txt': 'text', 'large.bin': Buffer.alloc(120_000_000, 'large ') })
    const [id = ''] = await send([folder])
    await when(id, ({ doneFiles, sentBytes }) => doneFiles === 1 && sentBytes > 4)
    await client.call('sends.pause', { sendIds: [id] })
    const { itemId, sentBytes } = await when(id, ({ status }) => status === 'paused')
    expect(sentBytes).toBeGreaterThan(4)
    await client.call('items.deleteForGood', { accountId, itemIds: [itemId ?? -1] })
    await client.call('sends.resume', { sendIds: [id] })
    await when(id, isSent)
    expect(await tree()).toEqual(localTree(folder))
  })

  it('the account is removed meanwhile: its sends leave the list and stop', async () => {
    const { client, send, when, sends, accountId, dataFolder } = await openSender()
    const [id] = await send([makeLarge()])
    await when(id, ({ doneFiles }) => doneFiles > 10)
    await client.call('accounts.remove', { accountId })
    await until(
      async () => sends.size,
      (size) => size === 0,
    )
    await until(
      async () => readdirSync(join(dataFolder, 'sends')),
      (left) => left.length === 0,
    )
  })

  it(`${many} files are sent at once`, async () => {
    const { client, accountId, send, sends } = await openSender()
    const files = Object.fromEntries(Array.from({ length: many }, (_, at) => [`${at}.txt`, `${at}`]))
    const folder = makeTree(files)
    await send(Object.keys(files).map((name) => join(folder, name)))
    await until(
      async () => [...sends.values()].filter(({ status }) => status === 'sent').length,
      (sent) => sent === 200,
    )
    await until(
      async () => sends.size,
      (size) => size === 200,
    )
    const { items } = await client.call('items.open', { accountId, folderId: 0, isReload: true })
    expect(new Set(namesOf(items))).toEqual(new Set(Object.keys(files)))
    expect(items.ids.length).toBe(many)
  })
})

it('sends a copy that another program changed up, in place of the file that it was made from', async () => {
  const { client, next, send, when, tree, accountId, opened } = await openSender()
  const [id] = await send([join(makeTree({ 'letter.txt': 'old' }), 'letter.txt')])
  const { itemId } = await when(id, isSent)
  await client.call('copies.open', { accountId, itemId: itemId ?? -1 })
  const changed = next('copies.changed', (copies) => copies.length > 0)
  writeFileSync(opened[0] ?? '', 'a longer text')
  const [copy] = await changed
  expect(copy).toMatchObject({ accountId, name: 'letter.txt' })
  const gone = next('copies.changed', (copies) => copies.length === 0)
  const { sendId } = await client.call('copies.sendUp', { copyId: copy?.id ?? '' })
  await gone
  await when(sendId, isSent)
  expect(await tree()).toEqual({ 'letter.txt': sha(Buffer.from('a longer text')) })
  await expect(client.call('copies.sendUp', { copyId: 'none' })).rejects.toMatchObject({ code: 'not-found' })
})
