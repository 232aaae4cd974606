import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Service, startService } from '../support/service.ts'
import { file, redirect, startWeb, status, type Web } from '../support/web.ts'

let service: Service
let web: Web
beforeAll(async () => {
  web = await startWeb()
  service = await startService({ user: 'me', diskQuota: 10_000_000, bandwidthQuota: 5_000_000, activeLimit: 3 })
})
afterAll(async () => {
  await service.stop()
  await web.stop()
})

/** The bytes of an answer. */
async function textOf(name: string, request: Record<string, unknown>): Promise<string> {
  const [resource, method] = name.split('.')
  const signed = { api_key: service.key, api_secret: service.secret, ...request }
  const body = new URLSearchParams({ request: JSON.stringify(signed) })
  return (await fetch(`${service.url}/v1/${resource}?method=${method}`, { method: 'POST', body })).text()
}

const makeFolder = async (name: string, parentId: unknown = 0) =>
  (await service.ask('files.create_dir', { name, parent_id: parentId })).rows[0]?.id
const names = async (params: Record<string, unknown>) =>
  (await service.ask('files.list', { limit: 100, ...params })).rows.map(({ name }) => name)

describe('what API v1 never had', () => {
  it('is in no answer, also to an earlier version of our own client, which asks for more', async () => {
    const id = await makeFolder('Plain')
    web.on('/kept.zip', file(Buffer.alloc(1000)))
    const [failed] = (await service.ask('transfers.add', { links: ['not a link'] })).rows
    const requests: [string, Record<string, unknown>][] = [
      ['user.info', {}],
      ['files.info', { id }],
      ['files.info', { id: 999_999 }],
      ['files.list', {}],
      ['files.search', { query: 'Plain' }],
      ['messages.list', {}],
      ['transfers.list', {}],
      ['urls.analyze', { links: [web.url('/kept.zip'), 'not a link'] }],
      ['transfers.cancel', { id: failed?.id }],
    ]
    for (const [name, params] of requests) {
      const asksForMore = name === 'transfers.cancel' ? '' : await textOf(name, { params, putdesk: 1 })
      const plain = await textOf(name, { params })
      expect(plain, name).not.toContain('putdesk')
      if (asksForMore !== '') expect(asksForMore, name).toBe(plain)
    }
    await service.ask('files.delete', { id })
  })

  it.each([
    ...['trash.list', 'trash.add', 'trash.restore', 'trash.delete', 'trash.empty'],
    ...['transfers.retry', 'transfers.files', 'files.content'],
  ])('has no method %s', async (name) => {
    const [resource, method] = name.split('.')
    expect(await service.ask(name, { id: 1, ids: [1] }, { putdesk: 1 })).toMatchObject({
      ...{ status: 404, error: true, message: `There is no method “${method}” of “${resource}”.` },
    })
  })
})

describe('user', () => {
  it('info gives quotas as text and counts as numbers', async () => {
    expect((await service.ask('user.info')).results).toEqual([
      {
        name: 'me',
        friends_count: 0,
        bw_avail_last_month: '0',
        shared_space: 0,
        shared_items: 0,
        bw_quota_available: '5000000',
        disk_quota: '10000000',
        disk_quota_available: '10000000',
        bw_quota: '5000000',
      },
    ])
  })

  it('acctoken gives the same object every time', async () => {
    const [first, second] = [await service.ask('user.acctoken'), await service.ask('user.acctoken')]
    expect(first.results).toEqual({ token: expect.stringMatching(/^[0-9a-f]{40}$/) })
    expect(second.results).toEqual(first.results)
  })

  it('friends gives an empty list', async () => {
    expect((await service.ask('user.friends')).results).toEqual([])
  })
})

describe('files', () => {
  it('info and list give a folder in the format of old clients', async () => {
    const id = await makeFolder('Music')
    const base = service.url
    const item = {
      name: 'Music',
      download_url: null,
      parent_id: '0',
      content_type: 'application/x-directory',
      file_icon_url: `${base}/images/file_types/folder.png`,
      stream_url: null,
      screenshot_url: null,
      is_dir: true,
      thumb_url: null,
      type: 'folder',
      id,
      size: '0',
      zip_url: `${base}/stream-basket/1/${String(id)}`,
    }
    expect((await service.ask('files.info', { id })).results).toEqual([item])
    expect((await service.ask('files.list', { id, parent_id: 0 })).results).toEqual([item])
  })

  it('info gives the root for id 0', async () => {
    expect((await service.ask('files.info', { id: 0 })).rows[0]).toMatchObject({
      id: '0',
      name: 'Your Files',
      parent_id: null,
    })
  })

  it('list takes offset, limit, type and order, and gives twenty by default', async () => {
    const parent_id = await makeFolder('Many')
    for (let n = 10; n < 35; n++) await makeFolder(`f${n}`, parent_id)
    expect((await service.ask('files.list', { parent_id })).rows.length).toBe(20)
    expect(await names({ parent_id, limit: '3', orderby: 'name_asc' })).toEqual(['f10', 'f11', 'f12'])
    expect(await names({ parent_id, limit: 2, offset: 1, orderby: 'name_desc' })).toEqual(['f33', 'f32'])
    expect(await names({ parent_id, limit: 1, orderby: 'id_asc' })).toEqual(['f10'])
    expect(await names({ parent_id, limit: 1, orderby: 'nonsense' })).toEqual(['f34'])
    expect(await names({ parent_id, type: 'video' })).toEqual([])
    expect((await names({ parent_id, type: 0 })).length).toBe(25)
  })

  it('create_dir numbers a second folder of the same name', async () => {
    const parent = await makeFolder('Twins')
    await makeFolder('A', parent)
    await makeFolder('A', parent)
    await makeFolder('A', parent)
    expect(await names({ parent_id: parent, orderby: 'id_asc' })).toEqual(['A', 'A (2)', 'A (3)'])
  })

  it('rename, move, dirmap, and delete with everything below work on a tree', async () => {
    const top = await makeFolder('Top')
    const inner = await makeFolder('Inner', top)
    const deep = await makeFolder('Deep', inner)
    expect((await service.ask('files.rename', { id: inner, name: 'Renamed 🎬' })).rows[0]?.name).toBe('Renamed 🎬')
    const target = await makeFolder('Target')
    expect((await service.ask('files.move', { id: inner, parent_id: target })).rows[0]?.parent_id).toBe(target)
    const { results } = await service.ask('files.dirmap')
    expect(results).toMatchObject({ id: '0', name: 'Your Files', parent_id: null, shared: null, default_shared: null })
    expect(JSON.stringify(results)).toContain(
      JSON.stringify({
        dirs: [
          {
            dirs: [{ dirs: [], shared: null, id: deep, name: 'Deep', default_shared: null, parent_id: inner }],
            shared: null,
            id: inner,
            name: 'Renamed 🎬',
            default_shared: null,
            parent_id: target,
          },
        ],
        shared: null,
        id: target,
        name: 'Target',
        default_shared: null,
        parent_id: '0',
      }),
    )
    expect((await service.ask('files.delete', { id: target })).results).toEqual([])
    expect((await service.ask('files.info', { id: deep })).error).toBe(true)
    expect((await service.ask('files.delete', { id: deep })).error).toBe(true)
  })

  it('search takes words, quotes and operators, in any case', async () => {
    const parent = await makeFolder('Search')
    await makeFolder('The.Jazz-Set [2010]', parent)
    await makeFolder('Éclair', parent)
    const found = async (query: string) => (await service.ask('files.search', { query })).rows.map(({ name }) => name)
    expect(await found('the.jazz-set [2010]')).toEqual(['The.Jazz-Set [2010]'])
    expect(await found("'jazz' from:'me' time:today")).toEqual(['The.Jazz-Set [2010]'])
    expect(await found('éCLAIR from:all type:all')).toEqual(['Éclair'])
    expect(await found('jazz type:audio')).toEqual([])
    expect(await found('jazz ext:mp3')).toEqual([])
    expect(await found('jazz from:jack')).toEqual([])
    expect(await found('jazz time:yesterday')).toEqual([])
    expect(await found('100%_')).toEqual([])
  })
})

describe('bad input', () => {
  it.each([
    ['files.info', { id: 9999 }, 'There is no item with the id 9999.'],
    ['files.info', {}, 'The parameter “id” is missing.'],
    ['files.info', { id: 'abc' }, 'The parameter “id” is not a number that is possible here.'],
    ['files.info', { id: -4 }, 'The parameter “id” is not a number that is possible here.'],
    ['files.info', { id: [1] }, 'The parameter “id” is not a number that is possible here.'],
    ['files.list', { parent_id: 4242 }, 'There is no item with the id 4242.'],
    ['files.list', { id: 4242 }, 'There is no item with the id 4242.'],
    ['files.create_dir', { name: 'x', parent_id: 4242 }, 'There is no item with the id 4242.'],
    ['files.rename', { id: 4242, name: 'x' }, 'There is no item with the id 4242.'],
    ['files.rename', { id: 0, name: 'x' }, '“Your Files” is the root folder and cannot be renamed.'],
    ['files.rename', { id: 0 }, 'The parameter “name” is missing.'],
    ['files.move', { id: 4242 }, 'There is no item with the id 4242.'],
    ['files.delete', { id: 0 }, '“Your Files” is the root folder and cannot be deleted.'],
    ['files.search', {}, 'The parameter “query” is missing.'],
    ['messages.delete', {}, 'The parameter “id” is missing.'],
    ['urls.analyze', {}, 'The parameter “links” is missing.'],
    ['urls.extracturls', {}, 'The parameters “txt” and “url” are both missing.'],
  ])('answers %s %j with an error envelope and status 200', async (method, params, message) => {
    expect(await service.ask(method, params)).toEqual({ status: 200, error: true, message, results: [], rows: [] })
  })

  it('refuses to move a folder into itself or a folder inside it, and changes nothing', async () => {
    const outer = await makeFolder('Outer')
    const inner = await makeFolder('Inside', outer)
    const sentence = '“Outer” cannot be moved into itself or a folder inside it.'
    expect((await service.ask('files.move', { id: outer, parent_id: outer })).message).toBe(sentence)
    expect((await service.ask('files.move', { id: outer, parent_id: inner })).message).toBe(sentence)
    expect(await names({ parent_id: outer })).toEqual(['Inside'])
  })

  it.each([
    ['a/b', 'it holds a slash (“/”)'],
    ['a\0b', 'it holds a NUL character'],
    ['a\nb', 'it holds a control character'],
    ['a\u0085b', 'it holds a control character'],
    ['x'.repeat(300), 'it is too long, with 300 bytes of at most 255'],
    ['photo\u202egpj.exe', 'it holds a character that reverses the direction of text'],
    ['..', 'it means a place, not an item'],
    ['  ', 'it is empty'],
  ])('refuses the name %j for a new folder and for a rename', async (name, why) => {
    const made = await service.ask('files.create_dir', { name })
    expect([made.error, made.message?.includes(why)]).toEqual([true, true])
    const id = await makeFolder('to rename')
    const renamed = await service.ask('files.rename', { id, name })
    expect([renamed.error, renamed.message?.includes(why)]).toEqual([true, true])
    await service.ask('files.delete', { id })
  })

  it('accepts a name with emoji', async () => {
    const id = await makeFolder('👩‍👩‍👧 Família')
    expect((await service.ask('files.info', { id })).rows[0]?.name).toBe('👩‍👩‍👧 Família')
  })
})

describe('urls', () => {
  it('analyze groups the links, with a size or a sentence for each, and fetches nothing', async () => {
    web.on('/film.mp4', file(Buffer.alloc(92_014)))
    web.on('/nohead', (request, response, socket) =>
      request.method === 'HEAD'
        ? void response.writeHead(405).end()
        : file(Buffer.alloc(5000))(request, response, socket),
    )
    web.on('/unknown.bin', file(Buffer.alloc(5000), { announce: null, ignoresRange: true }))
    web.on('/page.mkv', file(Buffer.from('<html><body>no</body></html>'), { type: 'text/html' }))
    web.on('/big.iso', (_request, response) => {
      response.writeHead(200, { 'content-length': 20_000_000 }).end()
    })
    web.on('/500', status(500))
    web.on('/loop', redirect('/loop'))
    const paths = ['/film.mp4', '/nohead', '/unknown.bin', '/page.mkv', '/big.iso', '/500', '/loop', '/404']
    const links = [...paths.map((path) => web.url(path)), 'no link', 'http://192.168.7.7/x']
    const one = { paid_bw: '0', source: '127.0.0.1', type: 'file', needs_pass: 0, error: null }
    const expected = {
      items: {
        multiparturl: [],
        torrent: [],
        singleurl: [
          { url: links[0], name: 'film.mp4', size: '92014', human_size: '89.9K', ...one },
          { url: links[1], name: 'nohead', size: '5000', human_size: '4.9K', ...one },
          { url: links[2], name: 'unknown.bin', size: '0', human_size: '?', ...one },
        ],
        error: [
          {
            url: links[3],
            error: 'A web page is there instead of the file: the link may have ended, or asks you to sign in first.',
          },
          { url: links[4], error: '“big.iso” does not fit: it needs 20 MB, and 10 MB is free.' },
          { url: links[5], error: '“127.0.0.1” reports an error of its own (500).' },
          { url: links[6], error: '“127.0.0.1” redirects in a circle.' },
          { url: links[7], error: '“127.0.0.1” says there is no such file (404).' },
          { url: 'no link', error: '“no link” is not a link that can be fetched.' },
          {
            url: 'http://192.168.7.7/x',
            error:
              '“192.168.7.7” is on this computer or a private network. Add it to the hosts that may be reached to fetch from it.',
          },
        ],
      },
      disk_avail: '10000000',
      bw_avail: '5000000',
    }
    expect((await service.ask('urls.analyze', { links })).results).toEqual(expected)
    expect((await service.ask('urls.analyze', { urls: { ...links } })).results).toEqual(expected)
    expect((await service.ask('transfers.list')).results).toEqual([])
  })

  it('extracturls finds links in text and in a page, in order of appearance', async () => {
    web.on(
      '/index.html',
      file(Buffer.from('<a href="http://a/1.zip?x=1&amp;y=2">one</a> <p>magnet:?xt=urn:btih:AA</p>')),
    )
    const txt = 'See http://b/2.mp4, (ftp://c/3.avi) and "https://d/e_(f)". Not this: mailto:x@y.z'
    expect((await service.ask('urls.extracturls', { txt, url: null })).results).toEqual([
      { url: 'http://b/2.mp4' },
      { url: 'ftp://c/3.avi' },
      { url: 'https://d/e_(f)' },
    ])
    expect((await service.ask('urls.extracturls', { url: web.url('/index.html') })).results).toEqual([
      { url: 'http://a/1.zip?x=1&y=2' },
      { url: 'magnet:?xt=urn:btih:AA' },
    ])
    expect((await service.ask('urls.extracturls', { txt: 'nothing here' })).results).toEqual([])
    const joined = Array.from({ length: 2000 }, (_, index) => `http://a/${index}`)
    expect((await service.ask('urls.extracturls', { txt: joined.join(',') })).results).toEqual(
      joined.map((url) => ({ url })),
    )
    web.on('/list/', file(Buffer.from('<a href="one two.zip">1</a> <a href="//b/3">3</a> <a href="?sort=1">s</a>')))
    expect((await service.ask('urls.extracturls', { url: web.url('/list/') })).results).toEqual([
      { url: web.url('/list/one%20two.zip') },
      { url: 'http://b/3' },
    ])
    const refused = await service.ask('urls.extracturls', { url: 'http://169.254.169.254/latest' })
    expect([refused.error, refused.message?.includes('private network')]).toEqual([true, true])
  })

  it.each([
    ['closing brackets', `http://a/${')'.repeat(1_300_000)}`, 1],
    ['schemes', 'http://'.repeat(200_000), 0],
    ['links joined by commas', Array.from({ length: 90_000 }, (_, index) => `http://a/${index}`).join(','), 90_000],
  ])('extracturls takes as many %s as fit into a request', async (_, txt, count) => {
    const { message, rows } = await service.ask('urls.extracturls', { txt })
    expect([message, rows.length]).toEqual([null, count])
  })
})
