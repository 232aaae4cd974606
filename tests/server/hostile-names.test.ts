import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { twinKey } from '../../engine/text/names.ts'
import { zipOf } from '../support/archives.ts'
import { startHostilePeer } from '../support/hostile-peer.ts'
import { itemsOf } from '../support/items.ts'
import { type Service, until } from '../support/service.ts'
import { inStatus, servicesForTests, whenEmpty } from '../support/services.ts'
import { cleanUp, makeTorrent } from '../support/torrents.ts'
import { file, startWeb, type Web } from '../support/web.ts'

const seed = Number(process.env.PUTDESK_SEED ?? 20261123)
// Hooks run in reverse order: the service ends before the servers and peers it talks to.
afterEach(cleanUp)
const { start } = servicesForTests()
let web: Web
beforeAll(async () => {
  web = await startWeb()
})
afterAll(() => web.stop())

/** File names that have done harm in other programs. */
const known = [
  ...['CON', 'con', 'aux.txt', 'nul.tar.gz', 'COM1', 'lpt9.log', 'COM¹'],
  ...['name.', 'name ', 'name. .', ' name', '...', '. .', '~', '-rf', '--help', '%2e%2e', '%00', '$HOME', '`id`'],
  ...['cafe\u0301.txt', 'caf\u00e9.txt', 'README', 'Readme', 'readme', 'ß', 'ẞ', 'İ', 'ı'],
  ...['photo\u202egpj.exe', '\u2066x\u2069', '\u200bx', 'a\nb', 'a\tb', '\u001b[31mred', 'a\u0085b', '\ufeffx'],
  ...['x'.repeat(255), `${'é'.repeat(127)}.txt`, '漢'.repeat(85), `${'👩‍👩‍👧'.repeat(14)}.png`, 'y'.repeat(4096)],
  ...['file.txt:stream', 'a*b?c', '<x>', '"x"', 'a|b', '.git', '.htaccess', 'desktop.ini', 'Thumbs.db'],
]

/** Each of the known names, and names combined from them and from what `fast-check` generates. */
function corpus(count: number): string[] {
  const piece = fc.oneof(fc.constantFrom(...known), fc.string({ unit: 'binary', maxLength: 40 }))
  const made = fc.tuple(piece, piece).map(([one, other]) => `${one}${other}`)
  return [...known, ...fc.sample(made, { seed, numRuns: count - known.length })]
}

function contentOf(index: number): Buffer {
  return Buffer.from(`the content of the file ${index}`)
}

/** Every file is there once, under a name that is safe on every file system, and in no unintended folder. */
async function expectSafe(service: Service, count: number): Promise<void> {
  const items = await itemsOf(service)
  const contents = items.map(([, hex]) => Buffer.from(hex, 'hex').toString())
  expect(new Set(contents)).toEqual(new Set(Array.from({ length: count }, (_, index) => `${contentOf(index)}`)))
  expect(items.length).toBe(count)
  const paths = items.map(([path]) => path)
  const folded = paths.map((path) => twinKey(path))
  expect(paths.filter((_, index) => folded.indexOf(folded[index] ?? '') !== index)).toEqual([])
  for (const name of paths.flatMap((path) => path.split('/'))) {
    expect(name).not.toMatch(/[\\<>:"|?*\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
    expect(name).not.toMatch(/^$|[. ]$/)
    expect(name.replace(/\s*\..*$/s, '')).not.toMatch(/^(con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³])$/i)
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255)
  }
  // None of the names is used on the disk: stored files have names of our own.
  const shelves = await readdir(join(service.data, 'content'))
  const stored = await Promise.all(shelves.map((shelf) => readdir(join(service.data, 'content', shelf))))
  expect([...shelves, ...stored.flat()].filter((name) => !/^[0-9a-f]+$/.test(name))).toEqual([])
  expect(stored.flat().length).toBe(count)
}

describe(`400 hostile names (F20, S8), with seed ${seed}`, () => {
  it('of the files of a torrent each become one safe and distinct name', async () => {
    const names = corpus(400)
    const outside = [['..', '..', 'up'], ['/', 'etc', 'passwd'], ['C:', 'x'], ['a/../../b'], ['a\\..\\b'], ['x\0y']]
    const paths = [...outside, ...names.slice(outside.length).map((name) => [name])]
    const files = paths.map((path, index) => ({ path, bytes: contentOf(index) }))
    const torrent = await makeTorrent({ name: '../up', files, isStored: false })
    const peer = await startHostilePeer(torrent, {})
    const service = await start({ allowHosts: ['127.0.0.2'] })
    await service.ask('transfers.add', { links: [`${torrent.magnet}&x.pe=${peer.address}:${peer.port}`] })
    await inStatus(service, '1', 'Seeding')
    await until(
      () => itemsOf(service),
      (items) => items.length === 400,
    )
    await expectSafe(service, 400)
  })

  it('of the files of a zip each become one safe and distinct name', async () => {
    // A path that leads outside stops the whole archive, and a slash separates folders.
    const names = corpus(700).filter((name) => !/[/\\\0]|^[a-z]:|^\.*$/i.test(name) && Buffer.byteLength(name) < 65_000)
    const items = names.slice(0, 400).map((name, index) => ({ name, bytes: contentOf(index) }))
    web.on('/corpus.zip', file(zipOf(items)))
    const service = await start()
    await service.ask('transfers.add', { links: [web.url('/corpus.zip')] })
    await whenEmpty(service)
    await expectSafe(service, 400)
  })

  it('in a server’s Content-Disposition each become one safe and distinct name', async () => {
    const names = corpus(400)
    for (const [index, name] of names.entries()) {
      const header = `attachment; filename*=UTF-8''${encodeURIComponent(name.toWellFormed())}`
      web.on(`/header/${index}`, file(contentOf(index), { headers: { 'content-disposition': header } }))
    }
    const service = await start()
    const links = names.map((_, index) => web.url(`/header/${index}`))
    await service.ask('transfers.add', { links })
    await whenEmpty(service)
    await expectSafe(service, 400)
  })
})
