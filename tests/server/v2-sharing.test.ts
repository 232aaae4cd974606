import { cpSync, readdirSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, vi } from 'vitest'
import type { Core, Cores } from '../../server/core/core.ts'
import { visit, visited } from '../../server/core/visit.ts'
import { type Answer, apiV2 } from '../support/api-v2.ts'
import { openFolder } from '../support/cores.ts'
import { ask, until } from '../support/service.ts'
import { startWith } from '../support/start-with.ts'
import { memoryFolder } from '../support/temp-folder.ts'
import {
  fileShape,
  filesIn,
  friendShape,
  problemsOf,
  publicShareShape,
  sharedFileShape,
  sharedWithShape,
} from '../support/v2-shapes.ts'

type Row = Record<string, unknown>

const rowsOf = ({ body }: Answer, name = 'files'): Row[] => {
  const list = body[name]
  return Array.isArray(list) ? list : []
}
const errorOf = ({ status, body }: Answer) => [status, body.error_type]
const namesOf = (rows: Row[]) => rows.map(({ name }) => name)
const own = { 'putdesk-fields': '1' }

/** A service of three users, and a file in a folder of the first one: `Films/Inner/film.mkv`. `share` is a folder that she shares by configuration. */
async function startThree(share?: string) {
  const users = ['ann', 'bob', 'cem'].map((name) => ({
    ...{ name, key: `${name}-key`, secret: `${name}-secret`, token: `token-of-${name}` },
    ...(name === 'ann' && share !== undefined && { share }),
  }))
  const url = await startWith({ users })
  const as = (name: string) => apiV2({ url, token: `token-of-${name}` })
  const [ann, bob, cem] = [as('ann'), as('bob'), as('cem')]
  const make = async (name: string, parent = 0) =>
    Number(Object((await ann('POST', '/v2/files/create-folder', { name, parent_id: parent })).body.file).id)
  const put = async (name: string, parent: number, bytes: string) => {
    const form = new FormData()
    form.set('parent_id', `${parent}`)
    form.set('file', new Blob([bytes]), name)
    const headers = { authorization: 'Token token-of-ann' }
    const response = await fetch(`${url}/v2/files/upload`, { method: 'POST', headers, body: form })
    return Number(Object(Object(await response.json()).file).id)
  }
  const films = await make('Films')
  const inner = await make('Inner', films)
  const film = await put('film.mkv', inner, 'the bytes of a film')
  const secret = await put('secret.txt', 0, 'nobody may read this')
  return { url, ann, bob, cem, make, put, films, inner, film, secret }
}
const withToken = (url: string, token: unknown) => apiV2({ url, token: `${token}` })

describe('an item that is shared', () => {
  it('can be read by those whom it is shared with, and by nobody else, until it is not shared any more', async () => {
    const { ann, bob, cem, films, film, secret } = await startThree()
    expect((await ann('POST', '/v2/files/share', { file_ids: films, friends: 'bob' })).body).toEqual({ status: 'OK' })
    const listed = await bob('GET', '/v2/files/list/items-shared-with-you', { total: 1 })
    expect(listed.body).toMatchObject({
      files: [{ id: films, name: 'Films', parent_id: -2, folder_type: 'REGULAR', is_shared: true, sender_name: 'ann' }],
      ...{ cursor: null, total: 1 },
    })
    const below = await bob('GET', '/v2/files/list', { parent_id: films, breadcrumbs: 1 })
    expect([namesOf(rowsOf(below)), below.body.breadcrumbs]).toEqual([['Inner'], [[-2, 'Items shared with you']]])
    expect(filesIn([listed.body, below.body]).flatMap((row) => problemsOf(row, fileShape))).toEqual([])
    const { body: link } = await bob('GET', `/v2/files/${film}/url`)
    expect(await (await fetch(`${link.url}`)).text()).toBe('the bytes of a film')
    expect(errorOf(await bob('POST', '/v2/files/rename', { file_id: film, name: 'x' }))).toEqual([403, 'Forbidden'])
    for (const [who, id] of [
      [bob, secret],
      [cem, films],
      [cem, film],
    ] as const)
      expect(errorOf(await who('GET', `/v2/files/${id}`))).toEqual([404, 'NotFound'])
    expect(rowsOf(await cem('GET', '/v2/files/items-shared-with-you'))).toEqual([])

    const { body: access } = await ann('GET', `/v2/files/${films}/shared-with-v2`)
    expect(access).toMatchObject({ share_type: 'friends', shares: [{ user_name: 'bob' }] })
    const [share] = rowsOf({ body: access } as Answer, 'shares')
    expect(problemsOf(share, sharedWithShape)).toEqual([])
    await ann('POST', `/v2/files/${films}/unshare`, { shares: `${share?.share_id}` })
    expect(errorOf(await bob('GET', `/v2/files/${film}`))).toEqual([404, 'NotFound'])
    expect((await fetch(`${link.url}`)).status).toBe(404)
    expect((await ann('GET', `/v2/files/${films}/shared-with-v2`)).body).toMatchObject({ shares: [] })
  })

  it('is shared with everyone or with some, and each takes the place of the other', async () => {
    const { ann, bob, cem, films, film } = await startThree()
    const access = async () => (await ann('GET', `/v2/files/${films}/shared-with-v2`)).body
    const shared = async () => rowsOf(await ann('GET', '/v2/files/shared'), 'shared')
    await ann('POST', '/v2/files/share', { file_ids: films, friends: 'bob, cem' })
    await ann('POST', '/v2/files/share', { file_ids: films, friends: 'bob' })
    expect(await access()).toMatchObject({ shares: [{ user_name: 'bob' }, { user_name: 'cem' }] })
    expect(await shared()).toMatchObject([{ id: films, shared_with: 2 }])
    await ann('POST', '/v2/files/share', { file_ids: films, friends: 'everyone' })
    expect(await access()).toEqual({ status: 'OK', share_type: 'everyone' })
    expect(await shared()).toMatchObject([{ id: films, shared_with: 'everyone' }])
    expect((await shared()).flatMap((row) => problemsOf(row, sharedFileShape))).toEqual([])
    expect([(await bob('GET', `/v2/files/${film}`)).status, (await cem('GET', `/v2/files/${film}`)).status]).toEqual([
      200, 200,
    ])
    await ann('POST', '/v2/files/share', { file_ids: films, friends: 'cem' })
    expect([(await bob('GET', `/v2/files/${film}`)).status, (await cem('GET', `/v2/files/${film}`)).status]).toEqual([
      404, 200,
    ])
    await ann('POST', `/v2/files/${films}/unshare`, { shares: 'everyone' })
    expect([await shared(), (await cem('GET', `/v2/files/${film}`)).status]).toEqual([[], 404])
  })

  it('stays shared where it is moved, not in the trash, and not when it is gone', async () => {
    const { ann, bob, films, inner, film, make } = await startThree()
    await ann('POST', '/v2/files/share', { file_ids: inner, friends: 'everyone' })
    const there = async () => namesOf(rowsOf(await bob('GET', '/v2/files/items-shared-with-you')))
    await ann('POST', '/v2/files/move', { file_ids: inner, parent_id: await make('Other') })
    expect([await there(), (await bob('GET', `/v2/files/${film}`)).status]).toEqual([['Inner'], 200])
    await ann('POST', '/v2/files/delete', { file_ids: inner })
    expect([await there(), (await bob('GET', `/v2/files/${film}`)).status]).toEqual([[], 404])
    expect(rowsOf(await ann('GET', '/v2/files/shared'), 'shared')).toEqual([])
    await ann('POST', '/v2/trash/restore', { file_ids: inner })
    expect(await there()).toEqual(['Inner'])
    // Inside a folder that is shared, too, it is listed once, in that folder.
    await ann('POST', '/v2/files/share', { file_ids: films, friends: 'bob' })
    await ann('POST', '/v2/files/move', { file_ids: inner, parent_id: films })
    expect(await there()).toEqual(['Films'])
    await ann('POST', '/v2/files/delete', { file_ids: films, skip_trash: 1 })
    expect(await there()).toEqual([])
  })

  it('is copied by a friend, and a copy of what is not shared is not made', async () => {
    const { ann, bob, films, film, secret } = await startThree()
    await ann('POST', '/v2/files/share', { file_ids: films, friends: 'bob' })
    const { body } = await bob('POST', '/v2/sharing/clone', { file_ids: film, parent_id: 0 })
    expect((await bob('GET', `/v2/sharing/clone/${body.id}`)).body).toEqual({
      ...{ shared_file_clone_status: 'DONE', status: 'OK' },
    })
    expect(namesOf(rowsOf(await bob('GET', '/v2/files/list')))).toEqual(['film.mkv'])
    expect(errorOf(await bob('POST', '/v2/sharing/clone', { file_ids: secret, parent_id: 0 }))).toEqual([
      ...[404, 'NotFound'],
    ])
    expect((await ann('GET', `/v2/sharing/clone/${body.id}`)).status).toBe(404)
  })

  it('leaves the folder that the configuration shares as it is, also for API v1', async () => {
    const { url, ann, bob, films, put } = await startThree('Shared')
    const shared = rowsOf(await ann('GET', '/v2/files/list')).find(({ name }) => name === 'Shared')
    const inside = await put('inside', Number(shared?.id), 'x')
    const v1 = (method: string) => ask(url, method, { api_key: 'bob-key', api_secret: 'bob-secret', params: {} })
    const before = (await v1('user.friends')).rows
    expect(before).toEqual([{ dir_id: `${shared?.id}`, id: '1', name: 'ann' }])
    await ann('POST', '/v2/files/share', { file_ids: films, friends: 'bob' })
    expect((await v1('user.friends')).rows).toEqual(before)
    expect(rowsOf(await bob('GET', '/v2/files/items-shared-with-you'))).toMatchObject([
      { id: Number(shared?.id), name: 'ann', folder_type: 'SHARED_FRIEND', parent_id: -2 },
      { id: films, name: 'Films', folder_type: 'REGULAR' },
    ])
    expect((await ann('GET', `/v2/files/${shared?.id}/shared-with-v2`)).body.share_type).toBe('everyone')
    expect((await bob('GET', '/v2/friends/ann/files')).body).toMatchObject({ file: { id: Number(shared?.id) } })
    for (const id of [shared?.id, inside])
      expect(errorOf(await ann('POST', '/v2/files/share', { file_ids: `${id}`, friends: 'bob' }))).toEqual([
        ...[400, 'ALREADY_SHARED'],
      ])
    expect((await ann('POST', `/v2/files/${shared?.id}/unshare`, { shares: 'everyone' })).status).toBe(400)
  })

  it('is listed in pages, each item once', async () => {
    const { ann, bob, make } = await startThree()
    const ids = [await make('a'), await make('b'), await make('c')]
    await ann('POST', '/v2/files/share', { file_ids: ids.join(','), friends: 'everyone' })
    const seen: unknown[] = []
    let answer = await bob('GET', '/v2/files/items-shared-with-you', { per_page: 2 })
    for (seen.push(...namesOf(rowsOf(answer))); answer.body.cursor !== null; seen.push(...namesOf(rowsOf(answer))))
      answer = await bob('POST', '/v2/files/list/continue?per_page=2', { cursor: `${answer.body.cursor}` })
    expect(seen).toEqual(['a', 'b', 'c'])
  })
})

describe('friends', () => {
  it('are the users of the service, who cannot be added or removed by a request', async () => {
    const { ann, bob, films } = await startThree()
    await ann('POST', '/v2/files/share', { file_ids: films, friends: 'bob' })
    const { body } = await ann('GET', '/v2/friends/list')
    expect(body).toMatchObject({
      friends: [
        { name: 'bob', has_received_files: true, has_shared_files: false },
        { name: 'cem', has_received_files: false, has_shared_files: false },
      ],
      total: 2,
    })
    expect(rowsOf({ body } as Answer, 'friends').flatMap((row) => problemsOf(row, friendShape))).toEqual([])
    expect(rowsOf(await bob('GET', '/v2/friends/list'), 'friends')[0]).toMatchObject({ has_shared_files: true })
    expect((await ann('GET', '/v2/friends/user-search/CE')).body.users).toMatchObject([{ name: 'cem', invited: false }])
    expect((await ann('GET', '/v2/friends/waiting-requests')).body.friends).toEqual([])
    expect((await ann('GET', '/v2/friends/sent-requests')).body.friends).toEqual([])
    expect((await ann('GET', '/v2/friends/waiting-requests-count')).body.count).toBe(0)
    for (const act of ['request', 'unfriend', 'approve', 'deny']) {
      expect(errorOf(await ann('POST', `/v2/friends/bob/${act}`))).toEqual([403, 'Forbidden'])
      expect(errorOf(await ann('POST', `/v2/friends/dan/${act}`))).toEqual([404, 'USER_NOT_FOUND'])
    }
  })
})

it('reads many shared items with a cost that does not grow with the list of shares for each of them', async () => {
  const cores = openFolder(memoryFolder('sharing'), ['ann', 'bob'])
  const [ann, bob] = cores.users
  if (ann === undefined || bob === undefined) throw new Error('there are no users')
  const ids = Array.from({ length: 1000 }, (_, index) => ann.space.createFolder(`f${index}`, 0).id)
  const usedMs = (work: () => unknown) => {
    const before = process.threadCpuUsage()
    work()
    const { user, system } = process.threadCpuUsage(before)
    return (user + system) / 1000
  }
  const [first = 0] = ids
  const readMs = () => Math.min(...[1, 2, 3].map(() => usedMs(() => ids.map(() => bob.friends.read(first)))))
  ann.friends.share([first], null)
  const withOneMs = readMs()
  ann.friends.share(ids.slice(1), [bob.account.userId])
  expect(readMs()).toBeLessThan(10 + 5 * withOneMs)
  // What is kept of the list ends with a share.
  ann.friends.unshare(first, null)
  expect(() => bob.friends.read(first)).toThrow('There is no item')
  await cores.close()
})

describe('bad input', () => {
  const cases: [string, string, string, Record<string, string>, number, string][] = [
    ['a share of nothing', 'POST', '/v2/files/share', { friends: 'bob' }, 400, 'BadRequest'],
    ['a share with nobody', 'POST', '/v2/files/share', { file_ids: 'films' }, 400, 'BadRequest'],
    [
      'a share with a stranger',
      'POST',
      '/v2/files/share',
      { file_ids: 'films', friends: 'dan' },
      404,
      'USER_NOT_FOUND',
    ],
    ['a share with oneself', 'POST', '/v2/files/share', { file_ids: 'films', friends: 'ann' }, 404, 'USER_NOT_FOUND'],
    ['a share of the root', 'POST', '/v2/files/share', { file_ids: '0', friends: 'bob' }, 400, 'BadRequest'],
    ['a share of a missing item', 'POST', '/v2/files/share', { file_ids: '999999', friends: 'bob' }, 404, 'NotFound'],
    ['the shares of a missing item', 'GET', '/v2/files/999999/shared-with-v2', {}, 404, 'NotFound'],
    ['the end of no shares', 'POST', '/v2/files/films/unshare', {}, 400, 'BadRequest'],
    ['the end of a share that is a word', 'POST', '/v2/files/films/unshare', { shares: 'bob' }, 400, 'BadRequest'],
    ['the end of a share of a missing item', 'POST', '/v2/files/999999/unshare', { shares: '1' }, 404, 'NotFound'],
    ['a copy of nothing', 'POST', '/v2/sharing/clone', { parent_id: '0' }, 400, 'BadRequest'],
    [
      'a copy into a missing folder',
      'POST',
      '/v2/sharing/clone',
      { file_ids: '1', parent_id: '999999' },
      404,
      'NotFound',
    ],
    ['an unknown copy', 'GET', '/v2/sharing/clone/999999', {}, 404, 'NotFound'],
    ['the files of a stranger', 'GET', '/v2/friends/dan/files', {}, 404, 'USER_NOT_FOUND'],
    ['a link to the root', 'POST', '/v2/public_share/0', {}, 400, 'BadRequest'],
    ['a link to a missing item', 'POST', '/v2/public_share/999999', {}, 404, 'NotFound'],
    ['a link to a word', 'POST', '/v2/public_share/films', {}, 404, 'NotFound'],
    ['the end of an unknown link', 'DELETE', '/v2/public_share/999999', {}, 404, 'NotFound'],
  ]

  it('is refused, with an error that a program can read', async () => {
    const { ann, films } = await startThree()
    for (const [what, verb, path, params, status, type] of cases) {
      const at = (text: string) => text.replace(/(?<=files\/|^)films/, `${films}`)
      const sent = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, at(value)]))
      expect([what, ...errorOf(await ann(verb, at(path), sent))]).toEqual([what, status, type])
    }
  })

  it('does not share what is inside something shared, and says what that is', async () => {
    const { ann, bob, films, inner } = await startThree()
    await ann('POST', '/v2/files/share', { file_ids: films, friends: 'bob' })
    const answer = await ann('POST', '/v2/files/share', { file_ids: inner, friends: 'cem' })
    expect([...errorOf(answer), answer.body.error_message]).toEqual([
      ...[400, 'ALREADY_SHARED', '“Inner” is in “Films”, which is shared already.'],
    ])
    expect(errorOf(await bob('POST', '/v2/files/share', { file_ids: films, friends: 'cem' }))).toEqual([
      ...[403, 'Forbidden'],
    ])
    expect(errorOf(await bob('POST', `/v2/public_share/${films}`))).toEqual([403, 'Forbidden'])
  })
})

describe('a public link', () => {
  it('opens a folder and what is below it to a visitor, and nothing else', async () => {
    const { url, ann, bob, films, inner, film, secret } = await startThree()
    const { body } = await ann('POST', `/v2/public_share/${films}`)
    const share = Object(body.public_share)
    expect([problemsOf(share, publicShareShape), share.user_file]).toEqual([
      [],
      { id: films, name: 'Films', file_type: 'FOLDER' },
    ])
    // A repeated request has the same answer.
    expect((await ann('POST', `/v2/public_share/${films}`)).body).toEqual(body)
    expect((await ann('GET', '/v2/public_share/list')).body.public_shares).toEqual([share])
    expect((await bob('GET', '/v2/public_share/list')).body.public_shares).toEqual([])

    const visitor = withToken(url, share.token)
    expect((await visitor('GET', '/v2/public_share')).body.public_share).toEqual(share)
    const top = await visitor('GET', '/v2/public_share/files/list')
    expect(top.body).toMatchObject({ files: [{ id: inner, parent_id: films }], parent: { id: films, parent_id: -2 } })
    const below = await visitor('GET', '/v2/public_share/files/list', { parent_id: inner, stream_url: 1, total: 1 })
    expect(filesIn([top.body, below.body]).flatMap((row) => problemsOf(row, fileShape))).toEqual([])
    expect([namesOf(rowsOf(below)), below.body.total]).toEqual([['film.mkv'], 1])
    const { body: link } = await visitor('GET', `/v2/public_share/files/${film}/url`)
    expect(await (await fetch(`${link.url}`)).text()).toBe('the bytes of a film')
    const { body: info } = await ann('GET', '/v2/account/info', { download_token: 1 })
    const ownersToken = `${Object(info.info).download_token}`
    expect(JSON.stringify([top.body, below.body, link])).not.toContain(ownersToken)

    // Nothing outside the folder, and no other part of the API.
    for (const id of [0, secret])
      expect(errorOf(await visitor('GET', '/v2/public_share/files/list', { parent_id: id }))).toEqual([404, 'NotFound'])
    expect(errorOf(await visitor('GET', `/v2/public_share/files/${secret}/url`))).toEqual([404, 'NotFound'])
    expect(errorOf(await visitor('GET', `/v2/public_share/files/${inner}/url`))).toEqual([400, 'NotFile'])
    const { body: page } = await ann('GET', '/v2/files/list', { per_page: 1 })
    const stolen = await visitor('POST', '/v2/public_share/files/list/continue', { cursor: `${page.cursor}` })
    expect(stolen.status).toBe(404)
    for (const path of ['/v2/files/list', `/v2/files/${film}`, `/v2/files/${film}/url`, '/v2/account/info'])
      expect(errorOf(await visitor('GET', path))).toEqual([401, 'invalid_grant'])
    expect((await visitor('GET', '/v2/oauth2/validate')).body.result).toBe(false)
    for (const path of [
      `download-file/1/${secret}`,
      `stream-file/2/${film}`,
      'stream-basket/1/z1',
      'stream-basket/1/0',
    ])
      expect([path, (await fetch(`${url}/${path}/atk/${share.token}`)).status]).toEqual([path, 404])
    expect((await fetch(`${url}/stream-transfer/1/1-0/atk/${share.token}`)).status).toBe(403)
    // A user's token is not a visitor's.
    expect(errorOf(await ann('GET', '/v2/public_share'))).toEqual([401, 'invalid_grant'])
  })

  it('ends at once when it is revoked, in the trash, or when its file is moved out of it', async () => {
    const { url, ann, bob, films, inner, film } = await startThree()
    const token = Object((await ann('POST', `/v2/public_share/${films}`)).body.public_share).token
    const visitor = withToken(url, token)
    const statuses = async () => [
      (await visitor('GET', '/v2/public_share')).status,
      (await visitor('GET', `/v2/public_share/files/${film}/url`)).status,
      (await fetch(`${url}/download-file/1/${film}/atk/${token}`)).status,
      (await fetch(`${url}/share/${token}/${inner}`)).status,
    ]
    expect(await statuses()).toEqual([200, 200, 200, 200])
    await ann('POST', '/v2/files/move', { file_ids: inner, parent_id: 0 })
    expect(await statuses()).toEqual([200, 404, 404, 404])
    await ann('POST', '/v2/files/move', { file_ids: inner, parent_id: films })
    await ann('POST', '/v2/files/delete', { file_ids: films })
    expect([await statuses(), (await ann('GET', '/v2/public_share/list')).body.public_shares]).toEqual([
      [401, 401, 403, 404],
      [],
    ])
    await ann('POST', '/v2/trash/restore', { file_ids: films })
    const [share] = rowsOf(await ann('GET', '/v2/public_share/list'), 'public_shares')
    expect((await bob('DELETE', `/v2/public_share/${share?.id}`)).status).toBe(404)
    expect((await ann('DELETE', `/v2/public_share/${share?.id}`)).body).toEqual({ status: 'OK' })
    expect(await statuses()).toEqual([401, 401, 403, 404])
  })

  it('has a page without scripts that lists a folder and leads to its files', async () => {
    const { url, ann, films, inner, film, put } = await startThree()
    await put("<b>&'.txt", films, 'x')
    const { body } = await ann('POST', `/v2/public_share/${films}`, {}, own)
    const page = `${Object(Object(body.public_share).putdesk).page}`
    const response = await fetch(page, { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' } })
    const html = await response.text()
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'nonce-/)
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
    expect(html).not.toContain('<script')
    expect(html).toContain('&lt;b&gt;&amp;&#39;.txt')
    const href = new RegExp(`href="(/share/[0-9a-f]{40}/${inner})"`).exec(html)?.[1]
    const below = await (await fetch(`${url}${href}`)).text()
    const download = new RegExp(`href="(/download-file/1/${film}/atk/[0-9a-f]{40})"`).exec(below)?.[1]
    expect(await (await fetch(`${url}${download}`)).text()).toBe('the bytes of a film')
    const zip = /href="(\/stream-basket\/[^"]+)"/.exec(below)?.[1]
    expect((await fetch(`${url}${zip}`)).headers.get('content-type')).toBe('application/zip')
    for (const path of ['/share/', `/share/${'0'.repeat(40)}`, `/share/x/${film}`, `${new URL(page).pathname}/0`])
      expect([path, (await fetch(`${url}${path}`)).status]).toEqual([path, 404])
    // A file has a page, too.
    const one = await ann('POST', `/v2/public_share/${film}`, {}, own)
    expect(await (await fetch(`${Object(Object(one.body.public_share).putdesk).page}`)).text()).toContain('19 B')
  })

  it.each(['image', 'iframe', 'empty'])('is not tried by another site’s page as its %s', async (dest) => {
    const { url } = await startThree()
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': dest }
    expect((await fetch(`${url}/share/${'0'.repeat(40)}`, { headers })).status).toBe(403)
  })

  it('opens also after many wrong links from the same address', async () => {
    const { url, ann, films } = await startThree()
    const { body } = await ann('POST', `/v2/public_share/${films}`)
    const statusOf = async (token: unknown) => (await fetch(`${url}/share/${token}`)).status
    const wrong: number[] = []
    for (let count = 0; count < 25; count += 1) wrong.push(await statusOf('0'.repeat(40)))
    expect([wrong.at(0), wrong.at(-1)]).toEqual([404, 429])
    expect(await statusOf(Object(body.public_share).token)).toBe(200)
  })
})

describe('a download that is running', () => {
  type Three = Awaited<ReturnType<typeof startThree>>
  /** A link to a large file of the first user, and what ends it. */
  type Lent = (service: Three, large: number) => Promise<{ link: string; end: () => Promise<Answer> }>
  const ways: [what: string, lend: Lent][] = [
    [
      'through a public link ends when that is revoked',
      async ({ url, ann }, large) => {
        const share = Object((await ann('POST', `/v2/public_share/${large}`)).body.public_share)
        const link = `${url}/download-file/1/${large}/atk/${share.token}`
        return { link, end: () => ann('DELETE', `/v2/public_share/${share.id}`) }
      },
    ],
    [
      'of an app ends when that is signed out',
      async ({ url, ann }, large) => {
        const code = `${(await ann('GET', '/v2/oauth2/oob/code', { app_id: 1, client_name: 'Television' })).body.code}`
        await ann('POST', '/v2/oauth2/oob/code', { code })
        const app = withToken(url, (await ann('GET', `/v2/oauth2/oob/code/${code}`)).body.oauth_token)
        const link = `${(await app('GET', `/v2/files/${large}/url`)).body.url}`
        return { link, end: () => app('POST', '/v2/oauth/grants/logout') }
      },
    ],
    [
      'of a friend’s file ends when that is not shared any more',
      async ({ ann, bob }, large) => {
        await ann('POST', '/v2/files/share', { file_ids: large, friends: 'bob' })
        const link = `${(await bob('GET', `/v2/files/${large}/url`)).body.url}`
        return { link, end: () => ann('POST', `/v2/files/${large}/unshare`, { shares: 'everyone' }) }
      },
    ],
  ]
  it.each(ways)('%s', async (_what, lend) => {
    const service = await startThree()
    const large = await service.put('large.bin', 0, 'x'.repeat(60_000_000))
    const { link, end } = await lend(service, large)
    const [ended, status] = await new Promise<unknown[]>((resolve, reject) => {
      get(link, (response) => {
        // Nothing is read, so that the download waits.
        response.once('error', () => resolve(['cut', response.statusCode]))
        response.once('end', () => resolve(['complete', response.statusCode]))
        void end().then((answer) => {
          expect(answer.status).toBe(200)
          setTimeout(() => response.resume(), 2500)
        }, reject)
      }).once('error', reject)
    })
    expect([ended, status]).toEqual(['cut', 200])
  })
})

describe('what is shared', () => {
  const two = (data: string) => {
    const cores = openFolder(data, ['ann', 'bob'])
    const [ann, bob] = cores.users
    if (ann === undefined || bob === undefined) throw new Error('there are no users')
    return { cores, ann, bob }
  }
  const state = ({ cores, ann, bob }: { cores: Cores; ann: Core; bob: Core }) => ({
    read: namesRead(bob),
    links: cores.publicShares.list(ann.account.userId).map(({ token, itemId }) => [token, itemId]),
  })
  const namesRead = (bob: Core) =>
    [...(bob.friends.sharer(1)?.rootIds ?? [])].map((id) => bob.friends.read(id).item.name)

  /** A folder of a service that has a copy of its list, and has shared and stopped sharing afterwards. */
  async function leave() {
    const data = memoryFolder('sharing')
    const first = two(data)
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => first.ann.space.createFolder(name, 0).id)
    if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error('nothing was made')
    first.ann.friends.share([a, b], null)
    const revoked = first.cores.publicShares.make(1, a)
    await first.cores.close()
    const second = two(data)
    await second.cores.start()
    second.ann.friends.share([c], [second.bob.account.userId])
    second.ann.friends.unshare(a, null)
    second.cores.publicShares.revoke(1, revoked.id)
    const kept = second.cores.publicShares.make(1, d)
    const wanted = { read: ['b', 'c'], links: [[kept.token, d]] }
    expect(state(second)).toEqual(wanted)
    return { data, second, wanted }
  }

  it.each<[string, (path: string) => boolean]>([
    ['a kill', () => false],
    ['the loss of the list', (path) => /^putdesk\.db/.test(path)],
    ['the loss of the list’s log', (path) => path === 'putdesk.db-wal'],
    ['the loss of the copies', (path) => /^putdesk\.backup/.test(path)],
  ])('is the same after %s', async (_what, isLost) => {
    const { data, second, wanted } = await leave()
    const copy = memoryFolder('sharing')
    cpSync(data, copy, { recursive: true })
    for (const name of readdirSync(copy)) if (isLost(name)) rmSync(join(copy, name))
    const third = two(copy)
    expect(state(third)).toEqual(wanted)
    await third.cores.close()
    await second.cores.close()
    const fourth = two(data)
    expect(state(fourth)).toEqual(wanted)
    await fourth.cores.close()
  })

  it('ends with its item, so that no later item is shared in its place', async () => {
    const data = memoryFolder('sharing')
    const first = two(data)
    const { id } = first.ann.space.createFolder('a', 0)
    first.ann.friends.share([id], null)
    const { token } = first.cores.publicShares.make(1, id)
    first.ann.space.remove([id])
    await until(
      async () => first.cores.publicShares.list(1),
      (links) => links.length === 0,
    )
    expect([visit(first.cores, token), namesRead(first.bob)]).toEqual([null, []])
    await first.cores.close()
  })

  it('is not shared in place of an item that was lost, whose id is given again', async () => {
    const data = memoryFolder('sharing')
    const first = two(data)
    const { id } = first.ann.space.createFolder('a', 0)
    first.ann.friends.share([id], null)
    const { token } = first.cores.publicShares.make(1, id)
    await first.cores.close()
    const db = new DatabaseSync(join(data, 'putdesk.db'))
    db.exec(`PRAGMA foreign_keys = OFF; DELETE FROM items WHERE id = ${id}; UPDATE sqlite_sequence SET seq = ${id - 1}`)
    db.close()
    const second = two(data)
    expect(second.ann.space.createFolder('private', 0).id).toBe(id)
    expect([namesRead(second.bob), visit(second.cores, token)]).toEqual([[], null])
    await second.cores.close()
  })

  it('ends after its time, and has a limit', async () => {
    const { cores, ann } = two(memoryFolder('sharing'))
    const top = ann.space.createFolder('a', 0)
    const inner = ann.space.createFolder('b', top.id)
    const { token } = cores.publicShares.make(1, top.id)
    const found = visit(cores, token)
    expect(found === null ? null : [visited(found, inner.id)?.name, visited(found, 0)]).toEqual(['b', null])
    vi.useFakeTimers({ now: Date.now() + 31 * 24 * 60 * 60 * 1000, toFake: ['Date'] })
    try {
      expect([visit(cores, token), cores.publicShares.list(1)]).toEqual([null, []])
    } finally {
      vi.useRealTimers()
    }
    const folders = Array.from({ length: 100 }, (_, index) => ann.space.createFolder(`f${index}`, 0).id)
    for (const id of folders.slice(1)) cores.publicShares.make(1, id)
    expect(() => cores.publicShares.make(1, folders[0] ?? 0)).toThrow('At most 100 public links are possible.')
    await cores.close()
  })
})
