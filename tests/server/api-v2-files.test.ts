import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fromBuffer } from 'yauzl'
import { type Answer, apiV2 } from '../support/api-v2.ts'
import { openFolder } from '../support/cores.ts'
import { ask, type Service, startService, until } from '../support/service.ts'
import { startWith } from '../support/start-with.ts'
import { memoryFolder } from '../support/temp-folder.ts'
import { fileShape, filesIn, problemsOf, trashShape } from '../support/v2-shapes.ts'
import { file, startWeb, type Web } from '../support/web.ts'

type Row = Record<string, unknown>

const film = Buffer.from('the bytes of a film '.repeat(500))
const bodies: Record<string, Buffer> = {
  'film.mkv': film,
  'film.en.srt': Buffer.from('1\r\n00:00:01,500 --> 00:00:02,000\r\nGood evening\r\n'),
  'film.tur.vtt': Buffer.from('WEBVTT\n\nNOTE no\n\n00:01.000 --> 00:02.000\nMerhaba\n'),
  'film two.srt': Buffer.from('1\n00:00:01,500 --> 00:00:02,000\nof another film\n'),
  'episode 10.mkv': Buffer.from('ten'),
  'episode 2.mkv': Buffer.from('number two'),
  plain: Buffer.from('x'),
}
let web: Web
let service: Service
let call: ReturnType<typeof apiV2>
let folder: number
const ids: Record<string, number> = {}

beforeAll(async () => {
  web = await startWeb()
  service = await startService({ user: 'ann', diskQuota: 10_000_000 })
  call = apiV2(service)
  folder = await make('Films')
  for (const [name, bytes] of Object.entries(bodies)) web.on(`/${encodeURIComponent(name)}`, file(bytes))
  const links = Object.keys(bodies).map((name) => web.url(`/${encodeURIComponent(name)}`))
  await service.ask('transfers.add', { links, to_folder: folder })
  await until(
    () => service.ask('transfers.list'),
    ({ rows }) => rows.length === 0,
  )
  for (const { id, name } of await listed(folder)) ids[`${name}`] = Number(id)
})
afterAll(async () => {
  await service.stop()
  await web.stop()
})

const rowsOf = ({ body }: Answer): Row[] => (Array.isArray(body.files) ? body.files : [])
const listed = async (parent: number, params: Record<string, string | number> = {}) =>
  rowsOf(await call('GET', '/v2/files/list', { parent_id: parent, ...params }))
const names = async (parent: number, params: Record<string, string | number> = {}) =>
  (await listed(parent, params)).map(({ name }) => name)
const errorOf = ({ status, body }: Answer) => [status, body.error_type]
async function make(name: string, parent = 0): Promise<number> {
  const { body } = await call('POST', '/v2/files/create-folder', { name, parent_id: parent })
  return Number(Object(body.file).id)
}

describe('every answer with files', () => {
  it('has all fields that strict clients require, with their types', async () => {
    const trashed = await make('Trashed', folder)
    await call('POST', '/v2/files/delete', { file_ids: trashed })
    const flags = { stream_url: 1, mp4_status: 1, video_metadata: 1, breadcrumbs: 1, total: 1 }
    const parentFlags = { media_metadata_parent: 1, codecs_parent: 1, media_info_parent: 1, mp4_stream_url_parent: 1 }
    const film = ids['film.mkv'] ?? 0
    const answers: [string, Answer][] = [
      ['list', await call('GET', '/v2/files/list')],
      ['list with flags', await call('GET', '/v2/files/list', { parent_id: folder, ...flags, ...parentFlags })],
      ['list of a file', await call('GET', '/v2/files/list', { parent_id: film, breadcrumbs: 1 })],
      ['all files', await call('GET', '/v2/files/list', { parent_id: -1 })],
      ['shared', await call('GET', '/v2/files/list/items-shared-with-you')],
      ['info', await call('GET', `/v2/files/${film}`, { media_info: 1, codecs: 1 })],
      ['root', await call('GET', '/v2/files/0')],
      ['child', await call('GET', `/v2/files/${folder}/child`, { name: 'plain' })],
      ['search', await call('GET', '/v2/files/search', { query: 'film' })],
      ['legacy search', await call('GET', '/v2/files/search/film/page/1')],
      ['create', await call('POST', '/v2/files/create-folder', { name: 'Shape', parent_id: folder })],
      ['copy', await call('POST', '/v2/files/copy', { file_id: film, parent_id: 0, name: 'shape.mkv' })],
      ['trash', await call('GET', '/v2/trash/list')],
    ]
    const form = new FormData()
    form.append('file', new Blob(['sent']), 'sent.txt')
    const headers = { authorization: `Token ${service.token}` }
    const sent = await fetch(`${service.url}/v2/files/upload`, { method: 'POST', body: form, headers })
    answers.push(['upload', { status: sent.status, headers: sent.headers, body: Object(await sent.json()) }])
    const checked = answers.map(([what, { status, body }]) => {
      const shape = what === 'trash' ? trashShape : fileShape
      return [
        what,
        status,
        body.status,
        filesIn(body).length > 0,
        filesIn(body).flatMap((row) => problemsOf(row, shape)),
      ]
    })
    expect(checked).toEqual(answers.map(([what]) => [what, 200, 'OK', true, []]))
    console.info(
      `Held against the columns: ${answers.map(([what, { body }]) => `${what} (${filesIn(body).length})`).join(', ')}.`,
    )
  })

  it('says what a file is', async () => {
    const { body } = await call('GET', `/v2/files/${ids['film.mkv']}`)
    expect(body.file).toMatchObject({
      ...{ name: 'film.mkv', parent_id: folder, file_type: 'VIDEO', folder_type: 'REGULAR', size: film.length },
      ...{ content_type: 'video/x-matroska', extension: 'mkv', is_shared: false },
      crc32: crc32(film).toString(16).padStart(8, '0'),
    })
    expect(Object.keys(Object(body.file))).not.toContain('putdesk')
  })

  it('has more for our own client', async () => {
    const { body } = await call('GET', `/v2/files/${ids['film.mkv']}`, {}, { 'putdesk-fields': '1' })
    expect(Object(body.file).putdesk).toEqual({
      added_at: expect.any(Number),
      address: `${service.url}/stream-file/1/${ids['film.mkv']}`,
      content: expect.stringMatching(/^[0-9a-f]{32}$/),
      user_id: 1,
    })
  })
})

describe('a listing', () => {
  it('has pages without an item twice or missing, whatever happens to others meanwhile', async () => {
    const many = await make('Many')
    for (let n = 0; n < 40; n++) await make(`item ${n}`, many)
    const all = await listed(many)
    const changes = [
      (row: Row) => call('POST', '/v2/files/delete', { file_ids: `${row.id}` }),
      (row: Row) => call('POST', '/v2/files/rename', { file_id: `${row.id}`, name: `a first one ${row.id}` }),
      (row: Row) => call('POST', '/v2/files/touch', { file_id: `${row.id}`, updated_at: '2001-01-01T00:00:00' }),
    ]
    const changed = new Set<unknown>()
    for (const sort of ['NAME', 'SIZE', 'DATE', 'MODIFIED', 'TYPE', 'WATCH'])
      for (const direction of ['ASC', 'DESC']) {
        const params = { parent_id: many, per_page: 7, sort_by: `${sort}_${direction}` }
        let page = await call('GET', '/v2/files/list', params)
        const seen = rowsOf(page).map(({ id }) => id)
        for (let n = 0; page.body.cursor !== null; n++) {
          const victim = all.find(({ id }) => !changed.has(id) && n % 3 === 1)
          if (victim !== undefined) {
            changed.add(victim.id)
            await changes[changed.size % changes.length]?.(victim)
          }
          await make(`in between ${sort} ${direction} ${n}`, many)
          page = await call('POST', '/v2/files/list/continue?per_page=7', { cursor: `${page.body.cursor}` })
          seen.push(...rowsOf(page).map(({ id }) => id))
        }
        const unchanged = all.map(({ id }) => id).filter((id) => !changed.has(id))
        expect(seen.filter((id) => unchanged.includes(id)).sort()).toEqual([...unchanged].sort())
      }
    expect(changed.size).toBeGreaterThan(10)
  })

  it('is sorted, filtered and counted as wanted', async () => {
    const params = { file_type: 'VIDEO', total: 1, sort_by: 'SIZE_DESC' }
    const { body } = await call('GET', '/v2/files/list', { parent_id: folder, ...params })
    expect([filesIn(body.files).map(({ name }) => name), body.total, body.cursor]).toEqual([
      ['film.mkv', 'episode 2.mkv', 'episode 10.mkv'],
      3,
      null,
    ])
    expect(await names(folder, { content_type: 'video/x-matroska' })).toHaveLength(3)
    expect((await names(-1)).sort()).toContain('plain')
    expect((await call('GET', '/v2/files/list', { per_page: 1, no_cursor: 1 })).body.cursor).toBeNull()
  })

  it('that is asked for again shows what has changed', async () => {
    const place = await make('Again')
    const { body } = await call('POST', '/v2/files/copy', { file_id: ids['film.mkv'] ?? 0, parent_id: place })
    const { id } = Object(body.file)
    const now = async () => Object((await listed(place))[0])
    const first = await now()
    expect(await now()).toEqual(first)
    await call('POST', `/v2/files/${id}/start-from`, { time: 7 })
    expect(await now()).toEqual({ ...first, start_from: 7 })
    await call('POST', `/v2/files/${id}/start-from/delete`)
    await call('POST', '/v2/files/touch', { file_ids: id, updated_at: '2020-02-03T04:05:06Z' })
    await call('POST', '/v2/files/rename', { file_id: id, name: 'again.mkv' })
    expect(await now()).toEqual({ ...first, updated_at: '2020-02-03T04:05:06', name: 'again.mkv' })
    await call('GET', `/v2/files/${id}/url`)
    expect(await now()).toMatchObject({ first_accessed_at: expect.any(String) })
    await call('POST', '/v2/files/delete', { file_ids: id })
    expect(await listed(place)).toEqual([])
  })

  it('of all folders is possible, too', async () => {
    const all = await listed(-1, { file_type: 'FOLDER' })
    expect(all.map(({ name }) => name)).toContain('Films')
    expect(all.every(({ file_type }) => file_type === 'FOLDER')).toBe(true)
  })

  it('has a file as its parent, and the way to it', async () => {
    const inner = await make('Inner', folder)
    const { body } = await call('GET', '/v2/files/list', { parent_id: inner, breadcrumbs: 1 })
    expect(body.breadcrumbs).toEqual([
      [0, 'Your Files'],
      [folder, 'Films'],
    ])
    const ofFile = await call('GET', '/v2/files/list', { parent_id: ids.plain ?? 0 })
    expect(ofFile.body).toMatchObject({ files: [], parent: { name: 'plain', extension: null }, cursor: null })
  })
})

describe('search', () => {
  it('finds by every word, page by page', async () => {
    const first = await call('GET', '/v2/files/search', { query: 'EPISODE mkv', per_page: 1 })
    expect([rowsOf(first).length, first.body.total]).toEqual([1, 2])
    const second = await call('POST', '/v2/files/search/continue?per_page=1', { cursor: `${first.body.cursor}` })
    expect(second.body.cursor).toBeNull()
    const found = [...rowsOf(first), ...rowsOf(second)].map(({ name }) => `${name}`)
    expect(found.sort()).toEqual(['episode 10.mkv', 'episode 2.mkv'])
    const legacy = await call('GET', '/v2/files/search/episode%20mkv/page/2?per_page=1')
    expect([rowsOf(legacy).length, legacy.body.next]).toEqual([1, null])
  })
})

describe('changes', () => {
  it('keep names exactly, and refuse taken ones', async () => {
    const name = 'line\nbreak \u202e and all'
    const odd = await make(name, folder)
    expect((await call('GET', `/v2/files/${folder}/child`, { name })).body.file).toMatchObject({ id: odd, name })
    expect(errorOf(await call('POST', '/v2/files/create-folder', { name, parent_id: folder }))).toEqual([
      400,
      'NAME_ALREADY_EXIST',
    ])
    expect(errorOf(await call('POST', '/v2/files/rename', { file_id: odd, name: 'plain' }))).toEqual([
      400,
      'NAME_ALREADY_EXIST',
    ])
    const renamed = await call('POST', '/v2/files/rename', { file_id: odd, name: 'even.pdf' })
    expect(renamed.body.file).toMatchObject({ id: odd, name: 'even.pdf', file_type: 'FOLDER', extension: null })
    const deep = await call('POST', '/v2/files/create-folder', { path: '/Films/New/Deep' })
    expect(deep.body.file).toMatchObject({ name: 'Deep' })
  })

  it('moves what can be moved, and names the others', async () => {
    const [from, to] = [await make('From'), await make('To')]
    const [a, b] = [await make('a', from), await make('b', from)]
    await make('a', to)
    const { body } = await call('POST', '/v2/files/move', { file_ids: `${a},${b},${a},999999,0`, parent_id: to })
    expect(body.errors).toEqual([
      { id: 999_999, name: null, error_type: 'NotFound', status_code: 404 },
      { id: 0, name: 'Your Files', error_type: 'BadRequest', status_code: 400 },
    ])
    expect(await names(to)).toEqual(['a', 'a (2)', 'b'])
    const into = await call('POST', '/v2/files/move', { file_ids: to, parent_id: a })
    expect(into.body).toMatchObject({ errors: [{ id: to, error_type: 'BadRequest' }] })
    const renamed = await call('POST', '/v2/files/move', { file_id: b, parent_id: from, name: 'c' })
    expect(renamed.body).toMatchObject({ errors: [], file: { id: b, name: 'c', parent_id: from } })
    expect(errorOf(await call('POST', '/v2/files/move', { file_id: b, parent_id: to, name: 'a' }))).toEqual([
      400,
      'NAME_ALREADY_EXIST',
    ])
    expect(await names(from)).toEqual(['c'])
  })

  it('copies a folder without copying bytes, which counts against the quota', async () => {
    const before = Object((await call('GET', '/v2/account/info')).body.info).disk
    const { body } = await call('POST', '/v2/files/copy', { file_id: folder, parent_id: folder, name: 'Copy' })
    const copy = Object(body.file)
    const size = Number(copy.size)
    const after = Object((await call('GET', '/v2/account/info')).body.info).disk
    expect([after.used - before.used, size > film.length]).toEqual([size, true])
    expect(await names(copy.id)).toEqual((await names(folder)).filter((name) => name !== 'Copy'))
    const { body: found } = await call('GET', `/v2/files/${copy.id}/child`, { name: 'film.mkv' })
    const { body: link } = await call('GET', `/v2/files/${Object(found.file).id}/url`)
    expect(Buffer.from(await (await fetch(`${link.url}`)).arrayBuffer())).toEqual(film)
    const stats = contents(service.data).filter((one) => one.size === film.length)
    expect(new Set(stats.map(({ ino }) => ino)).size).toBe(1)
    // The copy stays whole when the original is deleted.
    await call('POST', `/v2/files/delete?skip_trash=true`, { file_ids: copy.id })
    expect((await call('GET', `/v2/files/${ids['film.mkv']}/download`)).status).toBe(302)
    await until(
      async () => contents(service.data).filter((one) => one.size === film.length),
      (left) => left.length === stats.length - 1,
    )
  })

  it('refuses a copy that does not fit, and leaves nothing of it', async () => {
    const small = await startService({ user: 'bob', diskQuota: 15_000 })
    try {
      const ofSmall = apiV2(small)
      await small.ask('transfers.add', { links: [web.url('/film.mkv')] })
      const [first] = await until(
        async () => rowsOf(await ofSmall('GET', '/v2/files/list')),
        (rows) => rows.length === 1,
      )
      const refused = await ofSmall('POST', '/v2/files/copy', { file_id: `${first?.id}`, parent_id: 0 })
      expect([errorOf(refused), contents(small.data).length]).toEqual([[400, 'BadRequest'], 1])
    } finally {
      await small.stop()
    }
  })

  it('deletes everything in a listing but what is excluded', async () => {
    const many = await make('Selected')
    const made: number[] = []
    for (const name of ['a', 'b', 'c', 'd']) made.push(await make(name, many))
    const { body } = await call('GET', '/v2/files/list', { parent_id: many, per_page: 1 })
    const selection = { cursor: `${body.cursor}`, exclude_ids: `${made[1]}` }
    expect((await call('POST', '/v2/files/delete', selection)).body).toEqual({ status: 'OK', cursor: null, skipped: 0 })
    expect(await names(many)).toEqual(['b'])
    expect(errorOf(await call('POST', '/v2/files/delete', { file_ids: `${made[0]},${made[1]}` }))).toEqual([
      404,
      'NotFound',
    ])
    expect(await names(many)).toEqual(['b'])
    const skipping = { file_ids: `${made[0]},${made[1]}`, skip_nonexistents: 'true' }
    expect((await call('POST', '/v2/files/delete', skipping)).status).toBe(200)
    expect(await names(many)).toEqual([])
  })
})

describe('the trash', () => {
  it('lists page by page, restores, and deletes', async () => {
    await call('POST', '/v2/trash/empty')
    const place = await make('Place')
    const made: number[] = []
    for (const name of ['a', 'b', 'c']) made.push(await make(name, place))
    await make('inner', made[0])
    const inner = Number((await listed(made[0] ?? 0))[0]?.id)
    await call('POST', '/v2/files/delete', { file_ids: made.join() })
    const first = await call('GET', '/v2/trash/list', { per_page: 2 })
    const second = await call('POST', '/v2/trash/list/continue?per_page=2', { cursor: `${first.body.cursor}` })
    expect([first.body.total, rowsOf(first).length, rowsOf(second).length, second.body.cursor]).toEqual([3, 2, 1, null])
    const [row] = rowsOf(second)
    expect(row).toMatchObject({ name: 'a', parent_id: place, file_type: 'FOLDER' })
    const days = (Date.parse(`${row?.expiration_date}Z`) - Date.parse(`${row?.deleted_at}Z`)) / 86_400_000
    expect(days).toBe(14)
    for (const method of ['restore', 'delete'])
      for (const id of [inner, place, 0, 999_999])
        expect(errorOf(await call('POST', `/v2/trash/${method}`, { file_ids: `${made[0]},${id}` }))).toEqual([
          404,
          'TRASH_FILE_NOT_FOUND',
        ])
    expect((await call('POST', '/v2/trash/restore', { file_ids: `${made[0]}` })).body).toEqual({ status: 'OK' })
    expect(await names(place)).toEqual(['a'])
    await call('POST', '/v2/trash/restore', { cursor: `${first.body.cursor}`, exclude_ids: `${made[1]}` })
    expect(await names(place)).toEqual(['a', 'c'])
    await call('POST', '/v2/trash/delete', { file_ids: `${made[1]}` })
    expect((await call('GET', '/v2/trash/list')).body).toMatchObject({ total: 0, files: [], trash_size: 0 })
  })
})

it('deletes for good where the trash is switched off', async () => {
  const data = memoryFolder('no-trash')
  const cores = openFolder(data)
  for (const { settings } of cores.users) settings.change({ isTrashEnabled: false })
  await cores.close()
  const other = await startService({ data })
  try {
    const ofOther = apiV2(other)
    const { body } = await ofOther('POST', '/v2/files/create-folder', { name: 'a' })
    await ofOther('POST', '/v2/files/delete', { file_ids: Object(body.file).id })
    expect(rowsOf(await ofOther('GET', '/v2/files/list'))).toEqual([])
    expect((await ofOther('GET', '/v2/trash/list')).body.total).toBe(0)
  } finally {
    await other.stop()
  }
})

describe('playing', () => {
  it('redirects to the bytes, for the download token too', async () => {
    const { body } = await call('GET', '/v2/account/info', { download_token: 1 })
    const token = `${Object(body.info).download_token}`
    for (const path of ['download', 'download/film.mkv', 'stream']) {
      const url = `${service.url}/v2/files/${ids['film.mkv']}/${path}?oauth_token=${token}`
      const whole = await fetch(url)
      expect([whole.status, Buffer.from(await whole.arrayBuffer()).equals(film)]).toEqual([200, true])
      const part = await fetch(url, { headers: { range: 'bytes=4-8' } })
      expect([part.status, await part.text()]).toEqual([206, 'bytes'])
      expect((await fetch(url, { method: 'HEAD', redirect: 'manual' })).status).toBe(302)
    }
    expect((await call('GET', `/v2/files/${ids['film.mkv']}`)).body.file).toMatchObject({
      first_accessed_at: expect.stringMatching(/^\d{4}-/),
    })
    const playlist = await fetch(`${service.url}/v2/files/${ids['film.mkv']}/xspf?oauth_token=${token}`)
    const [, location] = /<location>(.*)<\/location>/.exec(await playlist.text()) ?? []
    expect((await fetch(`${location}`)).status).toBe(200)
  })

  it('keeps what was watched, over a restart', async () => {
    const path = memoryFolder('watched')
    const own = await startService({ user: 'ann', data: path })
    const ask = apiV2(own)
    const form = new FormData()
    form.append('file', new Blob(['film']), 'film.mkv')
    const headers = { authorization: `Token ${own.token}` }
    const sent = await fetch(`${own.url}/v2/files/upload`, { method: 'POST', body: form, headers })
    const id = Object(Object(await sent.json()).file).id
    await ask('POST', '/v2/files/watch-status', { file_ids: id, watched: 'true' })
    await ask('POST', '/v2/files/set-sort-by', { file_id: 0, sort_by: 'SIZE_DESC' })
    await own.stop()
    const again = await startService({ user: 'ann', data: path })
    const asked = apiV2(again)
    const watched = async () =>
      Object(Object((await asked('GET', `/v2/files/${id}`, {}, { 'putdesk-fields': '1' })).body.file).putdesk).watched
    expect(await watched()).toBe(true)
    expect(Object((await asked('GET', '/v2/files/0')).body.file).sort_by).toBe('SIZE_DESC')
    await asked('POST', '/v2/files/watch-status', { file_ids: id, watched: '0' })
    expect(await watched()).toBe(undefined)
    await again.stop()
  })

  it('keeps the order of a folder, and lists it that way', async () => {
    const sorted = await make('Sorted')
    const small = await make('b', sorted)
    await call('POST', '/v2/files/copy', { file_id: ids['film.mkv'] ?? 0, parent_id: sorted, name: 'a.mkv' })
    const parent = async () => Object((await call('GET', '/v2/files/list', { parent_id: sorted })).body.parent)
    expect([await names(sorted), (await parent()).sort_by]).toEqual([['a.mkv', 'b'], undefined])
    await call('POST', '/v2/files/set-sort-by', { file_id: sorted, sort_by: 'NAME_DESC' })
    expect([await names(sorted), (await parent()).sort_by]).toEqual([['b', 'a.mkv'], 'NAME_DESC'])
    expect(await names(sorted, { sort_by: 'NAME_ASC' })).toEqual(['a.mkv', 'b'])
    expect(problemsOf(await parent(), fileShape)).toEqual([])
    expect(small).toBeGreaterThan(0)
    await call('POST', '/v2/files/remove-sort-by-settings')
    expect([await names(sorted), (await parent()).sort_by]).toEqual([['a.mkv', 'b'], undefined])
  })

  it('makes links to the files of a selection, which open them without a token', async () => {
    const selection = { file_ids: `${folder},${ids['film.mkv']}` }
    const { body } = await call('POST', '/v2/download_links/create', selection)
    expect((await call('POST', '/v2/download_links/create', selection)).body.id).toBe(body.id)
    const { body: made } = await call('GET', `/v2/download_links/${body.id}`)
    expect(made).toMatchObject({ links_status: 'DONE', links: { mp4_links: [] } })
    const { download_links: all, media_links: media } = Object(made.links)
    expect(new Set(all).size).toBe(all.length)
    expect(all.length).toBeGreaterThanOrEqual(Object.keys(bodies).length)
    const texts = await Promise.all(media.map(async (url: string) => (await fetch(url)).text()))
    expect(texts).toContain(`${film}`)
    expect(JSON.stringify(made)).not.toContain(service.token)
  })

  it('keeps how far something was played', async () => {
    const path = `/v2/files/${ids['film.mkv']}/start-from`
    const get = async () => (await call('GET', path)).body.start_from
    expect(await get()).toBe(0)
    await call('POST', path, { time: 61 })
    expect([await get(), Object((await call('GET', `/v2/files/${ids['film.mkv']}`)).body.file).start_from]).toEqual([
      61, 61,
    ])
    await call('POST', `${path}/set`, { time: '62.7' })
    expect(await get()).toBe(62)
    await call('GET', `${path}/delete`)
    expect([await get(), Object((await call('GET', `/v2/files/${ids['film.mkv']}`)).body.file).start_from]).toEqual([
      0,
      undefined,
    ])
    for (const time of ['-1', 'x', '', '1e9', '99999999999'])
      expect((await call('POST', path, { time })).status).toBe(400)
  })

  it('has the subtitles beside a film, in both formats', async () => {
    const path = `/v2/files/${ids['film.mkv']}/subtitles`
    const { body } = await call('GET', path, { languages: 'tur,eng' })
    const subtitles: Row[] = Object(body.subtitles)
    expect(subtitles.map(({ name, language, language_code }) => [name, language, language_code])).toEqual([
      ['film.tur.vtt', 'Turkish', 'tur'],
      ['film.en.srt', 'English', 'eng'],
    ])
    expect(body.default).toBe(subtitles[0]?.key)
    const textOf = async (key: unknown, format: string) =>
      (await fetch(`${service.url}${path}/${key}?format=${format}&languages=tur&oauth_token=${service.token}`)).text()
    expect(await textOf(subtitles[1]?.key, 'webvtt')).toBe('WEBVTT\n\n1\n00:00:01.500 --> 00:00:02.000\nGood evening\n')
    expect(await textOf('default', 'srt')).toBe('1\n00:00:01,000 --> 00:00:02,000\nMerhaba\n')
    expect((await call('GET', `${path}/nothing`)).status).toBe(404)
  })

  it('knows the next file in natural order, and that films are not converted', async () => {
    const next = async (name: string) => (await call('GET', `/v2/files/${ids[name]}/next-video`)).body.next_video
    expect(await next('episode 2.mkv')).toEqual({
      id: ids['episode 10.mkv'],
      name: 'episode 10.mkv',
      parent_id: folder,
    })
    expect(await next('film.mkv')).toBeNull()
    const path = `/v2/files/${ids['film.mkv']}/mp4`
    expect((await call('GET', path)).body.mp4).toEqual({ id: ids['film.mkv'], status: 'NOT_AVAILABLE' })
    expect(errorOf(await call('POST', path))).toEqual([400, 'INVALID_MEDIA'])
    expect(errorOf(await call('DELETE', path))).toEqual([404, 'MP4_NOT_FOUND'])
  })
})

describe('a zip', () => {
  it('is made of what was selected, and fetched as often as wanted', async () => {
    const inner = await make('Zipped', folder)
    await call('POST', '/v2/files/copy', { file_id: ids['film.mkv'] ?? 0, parent_id: inner })
    const selection = { file_ids: `${ids.plain},${inner}` }
    const { body } = await call('POST', '/v2/zips/create', selection)
    expect((await call('POST', '/v2/zips/create', selection)).body.zip_id).toBe(body.zip_id)
    const { body: zip } = await call('GET', `/v2/zips/${body.zip_id}`)
    expect(zip).toMatchObject({ zip_status: 'DONE', missing_files: [] })
    const bytes = Buffer.from(await (await fetch(`${zip.url}`)).arrayBuffer())
    expect([bytes.length, await namesInZip(bytes)]).toEqual([zip.size, ['Zipped/', 'Zipped/film.mkv', 'plain']])
    expect(Object((await call('GET', '/v2/zips/list')).body.zips)).toHaveLength(1)
    await call('GET', `/v2/zips/${body.zip_id}/cancel`)
    expect(errorOf(await call('GET', `/v2/zips/${body.zip_id}`))).toEqual([410, 'LINK_EXPIRED'])
    expect((await fetch(`${zip.url}`)).status).toBe(410)
    expect((await fetch(`${zip.url}`.replace(/z\d+/, 'z'))).status).toBe(410)
  })
})

describe('a friend', () => {
  it('can list, read and copy what another user shares, and change nothing of it', async () => {
    const url = await startWith({
      'allow-host': ['127.0.0.1'],
      users: [
        { name: 'ann', key: 'ann-key', secret: 'ann-secret', token: 'token-of-ann', share: 'Shared' },
        { name: 'bob', key: 'bob-key', secret: 'bob-secret', token: 'token-of-bob' },
      ],
    })
    const [ann, bob] = ['ann', 'bob'].map((name) => apiV2({ url, token: `token-of-${name}` }))
    if (ann === undefined || bob === undefined) throw new Error('there are no users')
    const [shared] = rowsOf(await ann('GET', '/v2/files/list'))
    await ann('POST', '/v2/files/create-folder', { name: 'Private' })
    await ask(url, 'transfers.add', {
      ...{ api_key: 'ann-key', api_secret: 'ann-secret' },
      params: { links: [web.url('/film.mkv')], to_folder: shared?.id },
    })
    const listed = await bob('GET', '/v2/files/items-shared-with-you')
    expect(listed.body).toMatchObject({
      parent: { id: -2, folder_type: 'SHARED_ROOT' },
      files: [{ id: shared?.id, name: 'ann', parent_id: -2, folder_type: 'SHARED_FRIEND', is_shared: true }],
      cursor: null,
    })
    const list = () => bob('GET', '/v2/files/list', { parent_id: `${shared?.id}`, breadcrumbs: 1 })
    const answer = await until(list, (one) => rowsOf(one).length === 1)
    const [item] = rowsOf(answer)
    expect(item).toMatchObject({ name: 'film.mkv', is_shared: true, sender_name: 'ann', parent_id: shared?.id })
    expect(filesIn([listed.body, answer.body]).flatMap((row) => problemsOf(row, fileShape))).toEqual([])
    expect(answer.body.breadcrumbs).toEqual([[-2, 'Items shared with you']])
    const { body: link } = await bob('GET', `/v2/files/${item?.id}/url`)
    expect(Buffer.from(await (await fetch(`${link.url}`)).arrayBuffer())).toEqual(film)

    const refused = [
      await bob('POST', '/v2/files/rename', { file_id: `${item?.id}`, name: 'x' }),
      await bob('POST', '/v2/files/delete', { file_ids: `${item?.id}` }),
      await bob('POST', '/v2/files/move', { file_id: `${item?.id}`, parent_id: 0, name: 'x' }),
      await bob('POST', '/v2/files/touch', { file_ids: `${item?.id}` }),
      await bob('POST', '/v2/files/create-folder', { name: 'x', parent_id: `${shared?.id}` }),
      await bob('GET', `/v2/files/${item?.id}/can-write`),
      await bob('POST', `/v2/files/${item?.id}/start-from`, { time: 1 }),
    ]
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 403))
    expect((await bob('POST', '/v2/files/move', { file_ids: `${item?.id}`, parent_id: 0 })).body.errors).toMatchObject([
      { id: item?.id, status_code: 403 },
    ])
    await bob('POST', '/v2/files/copy-to-disk', { file_ids: `${shared?.id}` })
    expect(rowsOf(await bob('GET', '/v2/files/list'))).toMatchObject([{ name: 'Shared', size: film.length }])

    // What is not shared does not exist, and a cursor is its user's own.
    const hidden = rowsOf(await ann('GET', '/v2/files/list')).find(({ name }) => name === 'Private')
    for (const path of [`/v2/files/${hidden?.id}`, `/v2/files/list?parent_id=${hidden?.id}`])
      expect((await bob('GET', path)).status).toBe(404)
    const { body: page } = await ann('GET', '/v2/files/list', { per_page: 1 })
    expect((await ann('POST', '/v2/files/list/continue', { cursor: `${page.cursor}` })).status).toBe(200)
    for (const path of ['/v2/files/list/continue', '/v2/files/delete'])
      expect((await bob('POST', path, { cursor: `${page.cursor}` })).status).toBe(400)
  })
})

describe('bad input', () => {
  const huge = '9'.repeat(30)
  it.each<[string, string, string, Record<string, string>, number]>([
    ['a folder that is a word', 'GET', '/v2/files/list', { parent_id: 'films' }, 400],
    ['a folder with a huge number', 'GET', '/v2/files/list', { parent_id: huge }, 400],
    ['a folder below all', 'GET', '/v2/files/list', { parent_id: '-3' }, 400],
    ['a missing folder', 'GET', '/v2/files/list', { parent_id: '999999' }, 404],
    ['no items on a page', 'GET', '/v2/files/list', { per_page: '0' }, 400],
    ['too many items on a page', 'GET', '/v2/files/list', { per_page: '1001' }, 400],
    ['an unknown order', 'GET', '/v2/files/list', { sort_by: 'NAME' }, 400],
    ['an order of the prototype', 'GET', '/v2/files/list', { sort_by: 'CONSTRUCTOR_ASC' }, 400],
    ['an unknown type', 'GET', '/v2/files/list', { file_type: 'FILM' }, 400],
    ['no cursor', 'POST', '/v2/files/list/continue', {}, 400],
    ['a cursor that is nothing', 'POST', '/v2/files/list/continue', { cursor: 'x' }, 400],
    ['an id that is a word', 'GET', '/v2/files/film', {}, 404],
    ['a negative id', 'GET', '/v2/files/-1', {}, 404],
    ['a huge id', 'GET', `/v2/files/${huge}`, {}, 404],
    ['a child without a name', 'GET', '/v2/files/0/child', {}, 400],
    ['a child that is not there', 'GET', '/v2/files/0/child', { name: 'nobody' }, 404],
    ['a search for nothing', 'GET', '/v2/files/search', { query: '' }, 400],
    ['a search for spaces', 'GET', '/v2/files/search', { query: '  ' }, 400],
    ['a long search', 'GET', '/v2/files/search', { query: 'x'.repeat(300) }, 400],
    ['a page of a search before the first', 'GET', '/v2/files/search/x/page/0', {}, 400],
    ['an empty name', 'POST', '/v2/files/create-folder', { name: '' }, 400],
    ['a name of a place', 'POST', '/v2/files/create-folder', { name: '..' }, 400],
    ['a slash in a name', 'POST', '/v2/files/create-folder', { name: 'a/b' }, 400],
    ['a NUL in a name', 'POST', '/v2/files/create-folder', { name: 'a\0b' }, 400],
    ['a long name', 'POST', '/v2/files/create-folder', { name: 'ü'.repeat(128) }, 400],
    ['a folder in a missing one', 'POST', '/v2/files/create-folder', { name: 'a', parent_id: '999999' }, 404],
    ['an empty path', 'POST', '/v2/files/create-folder', { path: '//' }, 400],
    ['a new name for nothing', 'POST', '/v2/files/rename', { name: 'a' }, 400],
    ['a new name for the root', 'POST', '/v2/files/rename', { file_id: '0', name: 'a' }, 400],
    ['a new name for a missing item', 'POST', '/v2/files/rename', { file_id: '999999', name: 'a' }, 404],
    ['a move to nowhere', 'POST', '/v2/files/move', { file_ids: '1' }, 400],
    ['a move into a missing folder', 'POST', '/v2/files/move', { file_ids: '1', parent_id: '999999' }, 404],
    ['ids that are words', 'POST', '/v2/files/move', { file_ids: 'a,b', parent_id: '0' }, 400],
    ['a copy of the root', 'POST', '/v2/files/copy', { file_id: '0', parent_id: '0' }, 400],
    ['a copy of a missing item', 'POST', '/v2/files/copy', { file_id: '999999', parent_id: '0' }, 404],
    ['a copy of two items', 'POST', '/v2/files/copy', { file_ids: '1,2', parent_id: '0' }, 400],
    ['a touch with a word for a time', 'POST', '/v2/files/touch', { file_id: '1', updated_at: 'now' }, 400],
    ['a touch of the root', 'POST', '/v2/files/touch', { file_id: '0' }, 400],
    ['a deletion of nothing', 'POST', '/v2/files/delete', {}, 400],
    ['a deletion of the root', 'POST', '/v2/files/delete', { file_ids: '0' }, 400],
    ['a deletion of a missing item', 'POST', '/v2/files/delete', { file_ids: '999999' }, 404],
    ['the address of the root', 'GET', '/v2/files/0/url', {}, 400],
    ['the address of a missing file', 'GET', '/v2/files/999999/url', {}, 404],
    ['the film of a folder', 'GET', '/v2/files/0/mp4', {}, 400],
    ['the subtitles of a folder', 'GET', '/v2/files/0/subtitles', {}, 400],
    ['the resume position of a folder', 'GET', '/v2/files/0/start-from', {}, 400],
    ['a trash page that is too large', 'GET', '/v2/trash/list', { per_page: '5000' }, 400],
    ['an order of a missing folder', 'POST', '/v2/files/set-sort-by', { file_id: '999999', sort_by: 'NAME_ASC' }, 404],
    ['an order without a word', 'POST', '/v2/files/set-sort-by', { file_id: '0' }, 400],
    ['an order that does not exist', 'POST', '/v2/files/set-sort-by', { file_id: '0', sort_by: 'LUCK_ASC' }, 400],
    ['what was watched of a missing file', 'POST', '/v2/files/watch-status', { file_ids: '9999', watched: '1' }, 404],
    ['watched or not of nothing', 'POST', '/v2/files/watch-status', { watched: '1' }, 400],
    ['watched or not, not said', 'POST', '/v2/files/watch-status', { file_ids: '1' }, 400],
    ['links to nothing', 'POST', '/v2/download_links/create', {}, 400],
    ['links to a missing item', 'POST', '/v2/download_links/create', { file_ids: '999999' }, 404],
    ['links that are not there', 'GET', '/v2/download_links/999999', {}, 404],
    ['a zip of nothing', 'POST', '/v2/zips/create', {}, 400],
    ['a zip of a missing item', 'POST', '/v2/zips/create', { file_ids: '1,999999' }, 404],
    ['a zip that is not there', 'GET', '/v2/zips/999999', {}, 410],
    ['a restoration of nothing', 'POST', '/v2/trash/restore', {}, 400],
  ])('%s has an error that a program can read', async (_what, verb, path, params, status) => {
    const answer = await call(verb, path, params)
    expect([answer.status, answer.body.status, answer.body.status_code]).toEqual([status, 'ERROR', status])
    expect(answer.body.error_type).not.toBe('InternalError')
  })

  it('is every cursor that was cut or changed, and one of another kind', async () => {
    const { body } = await call('GET', '/v2/files/list', { parent_id: folder, per_page: 1 })
    const cursor = `${body.cursor}`
    const bad = [cursor.slice(0, -3), cursor.slice(3), `${cursor.slice(0, 30)}A${cursor.slice(31)}`, '%00', 'ü']
    for (const text of bad) expect((await call('POST', '/v2/files/list/continue', { cursor: text })).status).toBe(400)
    for (const path of ['/v2/files/search/continue', '/v2/trash/list/continue'])
      expect((await call('POST', path, { cursor })).status).toBe(400)
    const gone = await make('Gone')
    await make('a', gone)
    await make('b', gone)
    const { body: page } = await call('GET', '/v2/files/list', { parent_id: gone, per_page: 1 })
    await call('POST', '/v2/files/delete', { file_ids: gone })
    expect((await call('POST', '/v2/files/list/continue', { cursor: `${page.cursor}` })).status).toBe(404)
    for (const path of [`/v2/files/${gone}`, `/v2/files/${gone}/child?name=a`])
      expect((await call('GET', path)).status).toBe(404)
    for (const [path, params] of [
      ['rename', { file_id: gone, name: 'x' }],
      ['copy', { file_id: gone, parent_id: 0 }],
      ['touch', { file_id: gone }],
      ['delete', { file_ids: gone }],
    ] as const)
      expect((await call('POST', `/v2/files/${path}`, params)).status).toBe(404)
  })
})

function namesInZip(bytes: Buffer): Promise<string[]> {
  return new Promise((resolve, reject) => {
    fromBuffer(bytes, { lazyEntries: false }, (error, zip) => {
      if (error) return reject(error)
      const found: string[] = []
      zip.on('entry', ({ fileName }) => found.push(fileName))
      zip.on('end', () => resolve(found.sort()))
    })
  })
}

function contents(data: string) {
  return readdirSync(join(data, 'content'), { recursive: true, encoding: 'utf8' })
    .flatMap((name) => statSync(join(data, 'content', name), { throwIfNoEntry: false }) ?? [])
    .filter((stats) => stats.isFile())
}
