import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readFeed } from '../../server/core/transfers/feed.ts'
import { encoded } from '../support/old-encodings.ts'
import { type Service, until } from '../support/service.ts'
import { servicesForTests, whenEmpty } from '../support/services.ts'
import { file, redirect, startWeb, type Web } from '../support/web.ts'

const { start, restart } = servicesForTests()
let web: Web
beforeAll(async () => {
  web = await startWeb()
  web.on('/in', redirect('http://127.0.0.2:8080/'))
  for (const name of ['one', 'two', 'three']) web.on(`/${name}.mp3`, file(randomBytes(1000)))
})
afterAll(() => web.stop())

const item = (title: string, name: string) =>
  `<item><title>${title}</title><guid>${name}</guid><enclosure url="${web.url(`/${name}.mp3`)}" type="audio/mpeg"/><link>http://127.0.0.1:1/page</link></item>`
const rss = (...items: string[]) =>
  `<?xml version="1.0"?><rss version="2.0"><channel><title>Feed</title>${items.join('')}</channel></rss>`
function serveFeed(path: string, text: string): string {
  web.on(
    path,
    (_request, response) => void response.writeHead(200, { 'content-type': 'application/rss+xml' }).end(text),
  )
  return web.url(path)
}
const names = async (service: Service, folder = '0') =>
  (await service.ask('files.list', { parent_id: folder, orderby: 'name_asc' })).rows.map(({ name }) => name)
const looked = (service: Service, id: string) =>
  until(
    () => service.ask('subscriptions.info', { id }),
    ({ rows }) => rows[0]?.last_update_time !== null,
  )

describe('a subscription', () => {
  it('is not delayed by feeds that never answer', async () => {
    web.on('/mute-feed', () => new Promise(() => undefined))
    const service = await start()
    const create = (url: string) => service.ask('subscriptions.create', { title: 'Jazz', url })
    for (const number of [1, 2, 3]) await create(web.url(`/mute-feed?${number}`))
    await web.asked('/mute-feed', 3)
    await create(serveFeed('/quick-feed', rss(item('Jazz live', 'one'))))
    await looked(service, '4')
    const { rows } = await service.ask('subscriptions.list')
    expect(rows.map(({ last_update_time: at }) => at !== null)).toEqual([false, false, false, true])
  })

  it('fetches what matches its filters into its folder, once, even after kill -9 and another refresh', async () => {
    const url = serveFeed(
      '/feed',
      rss(item('Jazz live', 'one'), item('Rock &amp; roll', 'two'), item('JAZZ bootleg', 'three')),
    )
    const service = await start()
    const [folder] = (await service.ask('files.create_dir', { name: 'Music' })).rows
    const { rows } = await service.ask('subscriptions.create', {
      title: 'Jazz',
      url,
      do_filters: 'jazz, swing',
      dont_filters: ['bootleg'],
      parent_folder_id: folder?.id,
    })
    expect(rows).toEqual([
      {
        last_update_time: null,
        parent_folder_id: folder?.id,
        name: 'Jazz',
        next_update_time: null,
        url,
        paused: false,
        do_filters: 'jazz,swing',
        dont_filters: 'bootleg',
        id: '1',
      },
    ])
    const after = (await looked(service, '1')).rows[0]
    expect(after?.next_update_time).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
    const gapMs = Date.parse(`${String(after?.next_update_time)}Z`) - Date.parse(`${String(after?.last_update_time)}Z`)
    expect(gapMs).toBe(60 * 60 * 1000)
    await whenEmpty(service)
    expect(await names(service, String(folder?.id))).toEqual(['one.mp3'])

    const next = await restart(service)
    await next.ask('subscriptions.edit', { id: 1, title: 'All', url, dont_filters: '' })
    await until(
      () => names(next, String(folder?.id)),
      (all) => all.length === 2,
    )
    await whenEmpty(next)
    expect(await names(next, String(folder?.id))).toEqual(['one.mp3', 'three.mp3'])
    expect((await next.ask('messages.list')).rows.length).toBe(2)
  })

  it('does not fetch its feed while it is paused', async () => {
    const url = serveFeed('/paused', rss(item('One', 'one')))
    const service = await start()
    await service.ask('subscriptions.create', { title: 'Later', url, paused: '1' })
    const [listed] = (await service.ask('subscriptions.list')).rows
    expect([listed?.paused, web.requests.some(({ path }) => path === '/paused')]).toEqual([true, false])
    const [toggled] = (await service.ask('subscriptions.pause', { id: 1 })).rows
    expect(toggled?.paused).toBe(false)
    await until(
      () => names(service),
      (all) => all.length === 1,
    )
    expect((await service.ask('subscriptions.delete', { id: 1 })).results).toEqual([])
    expect((await service.ask('subscriptions.list')).results).toEqual([])
  })

  it('reads an Atom feed with a magnet link', async () => {
    const magnet = `magnet:?xt=urn:btih:${'a'.repeat(40)}&amp;dn=Film`
    const atom = `<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>x</id><title>Film</title><link rel="alternate" href="http://127.0.0.1:1/page"/><link href="${magnet}"/></entry></feed>`
    const service = await start()
    await service.ask('subscriptions.create', { title: 'Atom', url: serveFeed('/atom', atom) })
    const { rows } = await until(
      () => service.ask('transfers.list'),
      (answer) => answer.rows[0]?.status === 'Looking for peers',
    )
    expect([rows[0]?.name, rows[0]?.status]).toEqual(['Film', 'Looking for peers'])
  })

  it('reads an undeclared windows-1251 feed that is compressed unasked and has relative links', async () => {
    const text = `<rss><channel><item><title>Новый фильм о любви</title><guid>1</guid><enclosure url="../one.mp3?x=1&amp;amp;y=2"/></item><item><title>Новая музыка и песни</title><guid>2</guid><enclosure url="../two.mp3"/></item></channel></rss>`
    const body = gzipSync(encoded(text, 'windows-1251'))
    const head = { 'content-type': 'application/rss+xml', 'content-encoding': 'gzip' }
    web.on('/ru/feed', redirect('/ru/real/feed'))
    web.on('/ru/real/feed', (_request, response) => void response.writeHead(200, head).end(body))
    web.on('/ru/one.mp3', file(randomBytes(1000)))
    const service = await start()
    await service.ask('subscriptions.create', { title: 'Кино', url: web.url('/ru/feed'), do_filters: 'ФИЛЬМ' })
    await until(
      () => names(service),
      (all) => all.length === 1,
    )
    expect(await names(service)).toEqual(['one.mp3'])
  })
})

describe('bad input', () => {
  const problems: [string, () => string, RegExp][] = [
    ['not XML', () => serveFeed('/bad', 'this is no feed'), /gives no feed: neither RSS, Atom nor JSON Feed/],
    ['a web page', () => serveFeed('/page', '<!doctype html><title>Hi</title><p>no feed'), /gives no feed/],
    ['missing on the server', () => web.url('/absent'), /there is no such file \(404\)/],
    ['a redirect to loopback', () => web.url('/in'), /private network/],
    ['50 MB', () => serveFeed('/huge', rss('x'.repeat(50 * 1024 * 1024))), /sends more than 8 MB/],
  ]
  it.each(problems)(
    'reports a feed that is %s in a message, and fetches it again later',
    async (_what, make, sentence) => {
      const service = await start()
      await service.ask('subscriptions.create', { title: 'Bad', url: make() })
      const [feed] = (await looked(service, '1')).rows
      const [message] = (await service.ask('messages.list')).rows
      expect([message?.title, feed?.next_update_time !== null]).toEqual([expect.stringMatching(sentence), true])
      expect(await service.ask('transfers.list')).toMatchObject({ rows: [] })
    },
  )

  it.each([
    [{ title: 'x' }, 'The parameter “url” is missing.'],
    [{ title: 'x', url: 'file:///etc/passwd' }, '“file:///etc/passwd” is not the address of a feed.'],
    [{ title: 'x', url: 'http://a/', parent_folder_id: 99 }, 'There is no item with the id 99.'],
  ])('refuses to create a subscription with %j', async (params, message) => {
    const service = await start()
    expect(await service.ask('subscriptions.create', params)).toMatchObject({ error: true, message })
  })

  it.each(['info', 'edit', 'pause'])('refuses %s of a subscription that does not exist', async (method) => {
    const service = await start()
    expect((await service.ask(`subscriptions.${method}`, { id: 5, title: 'x', url: 'http://a/' })).message).toBe(
      'There is no subscription with the id 5.',
    )
  })

  it('does not expand entities that would grow to gigabytes', async () => {
    const bomb = `<!DOCTYPE r [<!ENTITY a "${'x'.repeat(1000)}">${Array.from({ length: 9 }, (_, n) => `<!ENTITY ${'bcdefghij'[n]} "${`&${'abcdefghi'[n]};`.repeat(10)}">`).join('')}]>`
    const entries = await readFeed(
      `${bomb}<rss><channel><item><title>&j;</title><link>http://a/x.mp3</link></item></channel></rss>`,
      'http://a/feed',
    )
    expect(entries).toMatchObject([{ id: 'http://a/x.mp3', title: '&j;', link: 'http://a/x.mp3' }])
  })

  it('reads the first two thousand of a hundred thousand entries', async () => {
    const items = Array.from(
      { length: 100_000 },
      (_, n) => `<item><title>${n}</title><link>http://a/${n}</link></item>`,
    )
    expect((await readFeed(`<rss>${items.join('')}</rss>`, 'http://a/feed')).length).toBe(2000)
  })
})
