import { randomBytes } from 'node:crypto'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { rar5Volumes, tarEnd, tarItem } from '../support/archives.ts'
import { itemsOf } from '../support/items.ts'
import { makeArchive, makeParts } from '../support/made-archive.ts'
import { type Service, until } from '../support/service.ts'
import { figuresOf, inStatus, listed, retry, servicesForTests, usedBytes, whenEmpty } from '../support/services.ts'
import { cleanUp } from '../support/torrents.ts'
import { file, startWeb, type Web } from '../support/web.ts'

const films = { 'one.mkv': randomBytes(400_000), 'two.mkv': randomBytes(300_000) }
const { start, restart } = servicesForTests()
let web: Web
beforeAll(async () => {
  web = await startWeb()
})
afterAll(() => web.stop())
afterEach(cleanUp)

const paths = async (service: Service) => (await itemsOf(service)).map(([path]) => path)
const add = (service: Service, ...links: string[]) => service.ask('transfers.add', { links })
/** Serves files under their names and returns their links. */
function serve(files: Record<string, Buffer>): string[] {
  return Object.entries(files).map(([name, bytes]) => {
    web.on(`/${name}`, file(bytes))
    return web.url(`/${name}`)
  })
}

describe('the parts of one archive', () => {
  it('are one transfer, whatever their order, and become one folder', async () => {
    const links = serve(await makeParts('Films.7z', films, 250_000))
    const service = await start()
    const { rows } = await add(service, ...links.toReversed())
    expect(rows.map(({ name }) => name)).toEqual(['Films'])
    await whenEmpty(service)
    expect(await itemsOf(service)).toEqual([
      ['Films/one.mkv', films['one.mkv'].toString('hex')],
      ['Films/two.mkv', films['two.mkv'].toString('hex')],
    ])
    expect([await usedBytes(service), await readdir(join(service.data, 'parts'))]).toEqual([700_000, []])
  })

  it('fail with an error that names a missing part, keep the others, and are saved as files on a retry without unpacking', async () => {
    const parts = await makeParts('Set.zip', films, 250_000)
    const [first = '', , ...rest] = serve(parts)
    const service = await start()
    await add(service, first, ...rest)
    const [row] = await inStatus(service, '1', 'Error')
    expect([figuresOf(row).failure, figuresOf(row).reason]).toEqual([
      'missing-part',
      '“Set.zip.001” could not be unpacked: “Set.zip.002” is missing.',
    ])
    expect(await usedBytes(service)).toBeGreaterThan(400_000)
    await retry(service, 1, { unpack: 'false' })
    await whenEmpty(service)
    expect(await paths(service)).toEqual(['Set.zip.001', 'Set.zip.003'])
  })

  it('are separate transfers when they come from different folders of a host', async () => {
    const service = await start()
    const { rows } = await add(service, web.url('/a/x.part1.rar'), web.url('/b/x.part2.rar'), web.url('/a/x.part2.rar'))
    expect(rows.map(({ name }) => name)).toEqual(['x', 'x'])
  })

  it('that were complete are not fetched again after kill -9', async () => {
    const parts = await makeParts('Long.7z', films, 110_000)
    const held = Promise.withResolvers<void>()
    const names = Object.keys(parts)
    for (const [name, bytes] of Object.entries(parts)) {
      web.on(`/${name}`, file(bytes, names.indexOf(name) < 3 ? {} : { holdUntil: held.promise }))
    }
    const first = await start()
    await add(first, ...names.map((name) => web.url(`/${name}`)))
    // Three are fetched at once: the sixth is asked for when the first three are whole.
    await web.asked(`/${names[5]}`)
    await first.kill9()
    held.resolve()
    const asked = (name: string) => web.requests.filter(({ path }) => path === `/${name}`).length
    const second = await start({ data: first.data })
    await whenEmpty(second)
    expect(names.map(asked)).toEqual(names.map((_, at) => (at < 3 || at > 5 ? 1 : 2)))
    expect(await paths(second)).toEqual(['Long/one.mkv', 'Long/two.mkv'])
  })
})

describe('an archive with a password', () => {
  it('asks for it with an error, reports a wrong one, and is unpacked with the right one without being fetched again', async () => {
    const [link = ''] = serve({ 'Secret.zip': await makeArchive('Secret.zip', films, '-popen sesame', '-mem=AES256') })
    const service = await start()
    await add(service, link)
    const [row] = await inStatus(service, '1', 'Error')
    expect([figuresOf(row).failure, figuresOf(row).reason]).toEqual([
      'needs-password',
      '“Secret.zip” needs a password to be unpacked.',
    ])
    const requests = web.requests.length
    await retry(service, 1, { password: 'nonsense' })
    const [again] = await until(
      () => listed(service),
      (rows) => figuresOf(rows[0]).failure === 'wrong-password',
    )
    expect([again?.status, (await paths(service)).length]).toEqual(['Error', 0])
    await retry(service, 1, { password: 'open sesame' })
    await whenEmpty(service)
    expect([await paths(service), web.requests.length]).toEqual([['Secret/one.mkv', 'Secret/two.mkv'], requests])
    expect(service.log()).not.toContain('sesame')
  })

  it('is unpacked after kill -9 right after the password was given', async () => {
    const [link = ''] = serve({ 'Kept.7z': await makeArchive('Kept.7z', films, '-psesame', '-mhe=on') })
    const first = await start()
    await add(first, link)
    await inStatus(first, '1', 'Error')
    await retry(first, 1, { password: 'sesame' })
    const second = await restart(first)
    await whenEmpty(second)
    expect(await paths(second)).toEqual(['Kept/one.mkv', 'Kept/two.mkv'])
  })
})

describe('bad input', () => {
  it('reports a truncated archive, keeps it, leaves no partial tree, and saves it as a file on a retry without unpacking', async () => {
    const whole = await makeArchive('Cut.zip', films)
    const [link = ''] = serve({ 'Cut.zip': whole.subarray(0, 500_000) })
    const service = await start()
    await add(service, link)
    const [row] = await inStatus(service, '1', 'Error')
    expect([figuresOf(row).failure, await paths(service), await usedBytes(service)]).toEqual(['damaged', [], 500_000])
    await retry(service, 1, { unpack: 'false' })
    await whenEmpty(service)
    expect(await paths(service)).toEqual(['Cut.zip'])
  })

  it('fetches a damaged archive again on a retry, in case it was repaired', async () => {
    const whole = await makeArchive('Mended.zip', films, '-mx=0')
    const broken = Buffer.from(whole)
    broken.fill(0xff, 1000, 2000)
    const [link = ''] = serve({ 'Mended.zip': broken })
    const service = await start()
    await add(service, link)
    await inStatus(service, '1', 'Error')
    web.on('/Mended.zip', file(whole, { etag: '"better"' }))
    await retry(service, 1)
    await whenEmpty(service)
    expect(await paths(service)).toEqual(['Mended/one.mkv', 'Mended/two.mkv'])
  })

  it('fetches an archive again when another program changed it while it waited, instead of delivering the change', async () => {
    const archive = await makeArchive('Locked.zip', films, '-popen sesame')
    const [link = ''] = serve({ 'Locked.zip': archive })
    const service = await start()
    await add(service, link)
    await inStatus(service, '1', 'Error')
    await service.kill9()
    const [work = ''] = await readdir(join(service.data, 'parts'))
    const part = await open(join(service.data, 'parts', work, '0'), 'r+')
    await part.write(Buffer.alloc(1000), 0, 1000, 100_000)
    await part.close()
    const second = await restart(service)
    await retry(second, 1, { unpack: 'false' })
    await whenEmpty(second)
    expect(await itemsOf(second)).toEqual([['Locked.zip', archive.toString('hex')]])
  })

  it('reports an archive whose content does not fit the disk quota, and stores none of it', async () => {
    const [link = ''] = serve({ 'Wide.7z': await makeArchive('Wide.7z', { 'zeros.bin': Buffer.alloc(20_000_000) }) })
    const service = await start({ diskQuota: 5_000_000 })
    await add(service, link)
    const [row] = await inStatus(service, '1', 'Error')
    expect(figuresOf(row).reason).toMatch(/“Wide\.7z” was not unpacked: .*(room|space|fit|free)/)
    expect([figuresOf(row).failure, await paths(service)]).toEqual(['too-large', []])
  })

  it('saves a file that is a zip only by name as it is', async () => {
    const [link = ''] = serve({ 'not.zip': randomBytes(5000) })
    const service = await start()
    await add(service, link)
    await whenEmpty(service)
    expect(await paths(service)).toEqual(['not.zip'])
  })

  it('leaves a transfer that has not failed as it is when it is retried, and refuses to retry one that does not exist', async () => {
    web.on('/held.bin', file(randomBytes(100_000), { holdUntil: new Promise(() => undefined) }))
    const service = await start()
    await add(service, web.url('/held.bin'))
    await inStatus(service, '1', 'Downloading')
    expect(await retry(service, 1, { password: 'x' })).toMatchObject({ name: 'held.bin', status: 'DOWNLOADING' })
    await expect(retry(service, 7)).rejects.toThrow('404, There is no transfer with the id 7.')
    expect(web.requests.filter(({ path }) => path === '/held.bin')).toHaveLength(1)
  })
})

describe('an unusual archive', () => {
  it('is unpacked, and a message says what was left out or renamed', async () => {
    const tar = Buffer.concat([
      tarItem('/etc/motd', { bytes: Buffer.from('hello') }),
      tarItem('copy', { type: '1', link: '/etc/motd' }),
      tarItem('passwd', { type: '2', link: '/etc/passwd' }),
      tarEnd,
    ])
    const [link = ''] = serve({ 'Odd.tar.gz': gzipSync(tar) })
    const service = await start()
    await add(service, link)
    await whenEmpty(service)
    expect(await paths(service)).toEqual(['Odd/copy', 'Odd/etc/motd'])
    const { rows } = await service.ask('messages.list')
    expect(rows.map(({ title }) => title)).toContain(
      '1 thing in “Odd.tar.gz” was left out: “passwd” (a link to “/etc/passwd”). ' +
        '1 name in “Odd.tar.gz” was changed: “/etc/motd” is now “etc/motd”.',
    )
    expect(await usedBytes(service)).toBe(10)
  })

  it('is kept as it is, with a message, when it is empty or holds nothing that can be unpacked', async () => {
    const empty = Buffer.from(`504b0506${'00'.repeat(18)}`, 'hex')
    const links = Buffer.concat([tarItem('out', { type: '2', link: '/etc/passwd' }), tarEnd])
    const service = await start()
    await add(service, ...serve({ 'Nothing.zip': empty, 'Links.tar': links }))
    await whenEmpty(service)
    expect(await itemsOf(service)).toEqual([
      ['Links.tar', links.toString('hex')],
      ['Nothing.zip', empty.toString('hex')],
    ])
    const { rows } = await service.ask('messages.list')
    expect(rows.map(({ title }) => title)).toEqual(
      expect.arrayContaining([
        '“Nothing.zip” is empty, so it is kept as it is.',
        '“Links.tar” is kept as it is, as nothing in it could be unpacked: “out” (a link to “/etc/passwd”).',
      ]),
    )
  })

  it('of RAR volumes named .001 is unpacked, not joined into one file', async () => {
    const film = randomBytes(200_000)
    const parts = rar5Volumes('film.mkv', film, 90_000)
    const service = await start()
    await add(service, ...serve(Object.fromEntries(parts.map((bytes, index) => [`Film.00${index + 1}`, bytes]))))
    await whenEmpty(service)
    expect(await itemsOf(service)).toEqual([['film.mkv', film.toString('hex')]])
  })
})

describe('names', () => {
  it('numbers the second of two archives with the same name, and overwrites nothing', async () => {
    const [link = ''] = serve({ 'Twice.zip': await makeArchive('Twice.zip', films) })
    const service = await start()
    await add(service, link)
    await whenEmpty(service)
    await add(service, link)
    await whenEmpty(service)
    expect(await paths(service)).toEqual(['Twice (2)/one.mkv', 'Twice (2)/two.mkv', 'Twice/one.mkv', 'Twice/two.mkv'])
  })
})
