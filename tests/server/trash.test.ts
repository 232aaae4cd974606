import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Core, Cores } from '../../server/core/core.ts'
import { newContentName } from '../../server/core/space/content.ts'
import { apiV2 } from '../support/api-v2.ts'
import { openFolder } from '../support/cores.ts'
import { seededRandom } from '../support/seed.ts'
import { type Service, startService, until } from '../support/service.ts'
import {
  figuresOf,
  inStatus,
  listed,
  moveToTrash,
  ownApi,
  retry,
  servicesForTests,
  trashOf,
  usedBytes,
  whenEmpty,
} from '../support/services.ts'
import { memoryFolder } from '../support/temp-folder.ts'
import { file, startWeb, type Web } from '../support/web.ts'

const { start, restart } = servicesForTests()
let web: Web
let shared: Service
beforeAll(async () => {
  web = await startWeb()
  shared = await startService()
  web.on('/film.mkv', file(Buffer.alloc(1000, 'f')))
  web.on('/big.bin', file(Buffer.alloc(9500, 'b')))
})
afterAll(async () => {
  await shared.stop()
  await web.stop()
})

const random = seededRandom()

const emptyTrash = (service: Service) => ownApi(service)('POST', '/v2/trash/empty')
const restore = (service: Service, id: unknown) => ownApi(service)('POST', '/v2/trash/restore', { file_ids: `${id}` })
/** An item, as API v1 tells it. */
const infoOf = async (service: Service, id: unknown) => (await service.ask('files.info', { id })).rows
const namesIn = async (service: Service, folderId: unknown = 0) =>
  (await service.ask('files.list', { parent_id: folderId, orderby: 'name_asc' })).rows.map(({ name }) => name)

/** Empties a service, and fetches `Films/2026/film.mkv`. Returns the ids of these items. */
async function withFilm(service: Service) {
  for (const { id } of (await service.ask('files.list')).rows) await service.ask('files.delete', { id })
  await emptyTrash(service)
  const make = async (name: string, parentId: unknown) =>
    (await service.ask('files.create_dir', { name, parent_id: parentId })).rows[0]?.id
  const films = await make('Films', 0)
  const year = await make('2026', films)
  await service.ask('transfers.add', { links: [web.url('/film.mkv')], to_folder: year })
  await whenEmpty(service)
  const film = (await service.ask('files.list', { parent_id: year })).rows[0]?.id
  return { service, make, films, year, film }
}

describe('a deleted item', () => {
  it('is gone from everything that API v1 lists, and still counts as used until it is deleted for good', async () => {
    const { service, films, year, film } = await withFilm(shared)
    const [row] = (await service.ask('files.info', { id: film })).rows
    const token = /[0-9a-f]{40}/.exec(JSON.stringify((await service.ask('user.acctoken')).results))?.[0]
    const stream = () => fetch(`${row?.stream_url}atk/${token}`)
    expect((await stream()).status).toBe(200)

    await moveToTrash(service, films)
    expect(await namesIn(service)).toEqual([])
    expect((await service.ask('files.search', { query: 'film' })).rows).toEqual([])
    expect((await service.ask('files.dirmap')).results).toMatchObject({ dirs: [] })
    expect((await service.ask('files.info', { id: 0 })).rows).toMatchObject([{ size: '0' }])
    for (const id of [films, year, film]) {
      const missing = { error: true, message: `There is no item with the id ${id}.` }
      expect(await service.ask('files.info', { id })).toMatchObject(missing)
      expect(await service.ask('files.list', { parent_id: id })).toMatchObject(missing)
      expect(await service.ask('files.delete', { id })).toMatchObject(missing)
      expect(await service.ask('transfers.add', { links: ['http://x.test/a'], to_folder: id })).toMatchObject(missing)
      expect(await service.ask('files.create_dir', { name: 'new', parent_id: id })).toMatchObject(missing)
    }
    expect((await stream()).status).toBe(404)
    // Asked again, such as after a lost answer, it stays as it is.
    const call = ownApi(service)
    const before = await trashOf(service)
    for (const id of [films, year]) {
      await call('POST', '/v2/files/delete', { file_ids: `${id}`, skip_nonexistents: 'true' })
      await expect(moveToTrash(service, id)).rejects.toThrow(`404, There is no item with the id ${id}.`)
    }
    expect(await trashOf(service)).toEqual(before)
    // It is inside a folder in the trash.
    await expect(restore(service, film)).rejects.toThrow(`404, There is no item with the id ${film} in the trash.`)
    const zip = await fetch(`${service.url}/stream-basket/1/${films}/atk/${token}`)
    expect(zip.status).toBe(404)
    expect(await usedBytes(service)).toBe(1000)
    expect(Object(await call('GET', '/v2/account/info')).info).toMatchObject({
      ...{ trash_size: 1000, putdesk: { trash_items: 1 } },
    })

    const remove = (ids: string) => call('POST', '/v2/trash/delete', { file_ids: ids })
    await expect(remove(`${films},999`)).rejects.toThrow('404, There is no item with the id 999 in the trash.')
    await remove(`${films}`)
    expect([await usedBytes(service), await trashOf(service)]).toEqual([0, []])
    await expect(restore(service, films)).rejects.toThrow('404')
  })

  it('is listed with its old folder, and comes back there, under a free name', async () => {
    const { service, make, films, year, film } = await withFilm(shared)
    await moveToTrash(service, film)
    const trash = await trashOf(service)
    expect(trash).toMatchObject([
      { id: Number(film), name: 'film.mkv', file_type: 'VIDEO', size: 1000, parent_id: Number(year) },
    ])
    expect([trash[0]?.putdesk, Date.parse(`${trash[0]?.deleted_at}Z`)]).toEqual([
      { folders: ['Films', '2026'] },
      expect.any(Number),
    ])
    expect(await infoOf(service, films)).toMatchObject([{ size: '0' }])
    await make('film.mkv', year)
    await restore(service, film)
    expect(await infoOf(service, film)).toMatchObject([
      { id: film, name: 'film (2).mkv', parent_id: year, size: '1000' },
    ])
    expect(await infoOf(service, films)).toMatchObject([{ size: '1000' }])
    expect(await trashOf(service)).toEqual([])
    await expect(restore(service, film)).rejects.toThrow('404')
    expect(await infoOf(service, film)).toMatchObject([{ id: film, parent_id: year }])
  })

  it('comes back to the nearest folder around its old one that is still there', async () => {
    const { service, films, year, film } = await withFilm(shared)
    for (const id of [film, year]) await moveToTrash(service, id)
    await restore(service, film)
    expect(await infoOf(service, film)).toMatchObject([{ parent_id: films }])
    await moveToTrash(service, film)
    // For good, so that nothing remembers this folder any more.
    await service.ask('files.delete', { id: films })
    for (const id of [year, film]) {
      await restore(service, id)
      expect(await infoOf(service, id)).toMatchObject([{ parent_id: '0' }])
    }
    expect(await namesIn(service)).toEqual(['2026', 'film.mkv'])
  })

  it('of a plain API v1 client is deleted for good, so that it makes room', async () => {
    const { service, films } = await withFilm(shared)
    expect((await service.ask('files.delete', { id: films })).results).toEqual([])
    expect([await usedBytes(service), await trashOf(service)]).toEqual([0, []])
  })
})

it.each([
  ['nothing', 'files/delete', {}, 'The parameter “file_ids” is missing.'],
  ['the root', 'files/delete', { file_ids: '0' }, 'The root folder cannot be deleted.'],
  ['a place', 'files/delete', { file_ids: '-2' }, 'The parameter “file_ids” is not a number that is possible here.'],
  ['what is not in the trash', 'trash/restore', { file_ids: '7' }, 'There is no item with the id 7 in the trash.'],
  ['the root', 'trash/restore', { file_ids: '0' }, 'There is no item with the id 0 in the trash.'],
  ['nothing', 'trash/delete', {}, 'The parameter “cursor” is missing.'],
  ['SQL', 'trash/delete', { file_ids: '1,2; DROP' }, 'The parameter “file_ids” is not a number that is possible here.'],
] as [string, string, Record<string, string>, string][])(
  'refuses %s in %s: %o',
  async (_what, method, params, sentence) => {
    const { status, body } = await apiV2(shared)('POST', `/v2/${method}`, params)
    expect([status, body.error_message]).toEqual([sentence.endsWith('in the trash.') ? 404 : 400, sentence])
  },
)

it('has no folder that API v1 could list', async () => {
  expect(await shared.ask('files.list', { parent_id: -2 })).toMatchObject({
    ...{ error: true, message: 'The parameter “parent_id” is not a number that is possible here.' },
  })
})

describe('the trash', () => {
  it('is named where a transfer does not fit, and emptying it makes the room', async () => {
    const { service, films } = await withFilm(await start({ diskQuota: 10_000 }))
    const doesNotFit = async () => {
      const { results } = await service.ask('urls.analyze', { links: [web.url('/big.bin')] })
      return JSON.stringify(results)
    }
    expect(await doesNotFit()).not.toContain('trash')
    await moveToTrash(service, films)
    expect(await doesNotFit()).toContain('Emptying the trash would free 1 kB.')
    await service.ask('transfers.add', { links: [web.url('/big.bin')] })
    const [row] = await inStatus(service, '2', 'Error')
    expect(figuresOf(row).reason).toContain('Emptying the trash would free 1 kB.')
    await emptyTrash(service)
    await retry(service, 2)
    await whenEmpty(service)
    expect([await namesIn(service), await usedBytes(service)]).toEqual([['big.bin'], 9500])
  })

  it('loses what has been in it for as long as was set, and nothing else', async () => {
    const { service, make, films } = await withFilm(await start())
    await moveToTrash(service, films)
    const young = await make('young', 0)
    await moveToTrash(service, young)
    await service.stop()
    const db = new DatabaseSync(join(service.data, 'putdesk.db'))
    db.prepare('UPDATE items SET trashed_at = trashed_at - 15 * 86400 WHERE id = ?').run(`${films}`)
    db.close()
    const never = await start({ data: service.data, flags: ['--trash-days', '0'] })
    expect(await trashOf(never)).toHaveLength(2)
    await never.stop()
    const second = await start({ data: service.data })
    const left = await until(
      () => trashOf(second),
      (rows) => rows.length < 2,
    )
    expect([left.map(({ name }) => name), await usedBytes(second)]).toEqual([['young'], 0])
  })

  it('is closed to friends and feeds, as if what is in it were gone', async () => {
    const cores = openFolder(memoryFolder('trash'), ['ann', 'bob'], 'Shared')
    const [ann, bob] = cores.users
    if (ann === undefined || bob === undefined) throw new Error('there are no users')
    const shared = ann.space.findFolder(0, 'Shared')?.id ?? 0
    const inner = ann.space.createFolder('inner', shared).id
    const isReadable = () => bob.friends.searchable('ann').some(({ space }) => space.search('1', [], shared).length > 0)
    const feed = { name: 'feed', url: 'http://127.0.0.1/feed', doFilters: '', dontFilters: '', isPaused: true }
    expect([bob.friends.read(inner).item.name, isReadable(), bob.friends.list().length]).toEqual(['inner', true, 1])
    ann.space.trash.add([inner])
    expect(isReadable()).toBe(false)
    expect(() => bob.friends.read(inner)).toThrow('There is no item')
    expect(() => ann.subscriptions.create({ ...feed, folderId: inner })).toThrow('There is no item')
    ann.space.trash.add([shared])
    expect([bob.friends.list(), ann.friends.shared()]).toEqual([[], { items: 0, sizeBytes: 0 }])
    ann.space.trash.restore([shared, inner])
    expect([bob.friends.read(inner).item.name, bob.friends.list().length]).toEqual(['inner', 1])
    ann.space.trash.add([inner])
    bob.space.trash.restore([inner])
    expect([ann.space.has(inner), bob.space.has(inner)]).toEqual([false, false])
    await cores.close()
  })

  it('is emptied in steps, after each of which the ledger is right, even if the service ends there', async () => {
    const data = memoryFolder('trash')
    const first = openFolder(data)
    const { space } = only(first)
    const added = space.addTree({
      parentId: 0,
      files: Array.from({ length: 1200 }, (_, n) => ({ path: [`${n}`], sizeBytes: 1, content: newContentName() })),
      folders: [],
    })
    space.trash.add(added.fileIds)
    const removing = space.trash.remove(null)
    expect([space.trash.totals(), space.storedBytes()]).toEqual([{ items: 700, sizeBytes: 700 }, 700])
    await first.close()
    await removing
    const second = openFolder(data)
    const { trash, storedBytes } = only(second).space
    expect(storedBytes()).toBe(trash.totals().sizeBytes)
    await trash.remove(null)
    expect([trash.ids(), storedBytes()]).toEqual([[], 0])
    await second.close()
  })

  it('lists and restores what a damaged database still knows of an item', async () => {
    const data = memoryFolder('trash')
    const first = openFolder(data)
    const { space } = only(first)
    const outer = space.createFolder('Outer', 0)
    const ids = ['a', 'b', 'c'].map((name) => space.createFolder(name, outer.id).id)
    space.trash.add(ids)
    await first.close()
    const db = new DatabaseSync(join(data, 'putdesk.db'))
    const damage = [
      'trashed_from = NULL, trashed_name = NULL, trashed_at = NULL',
      "trashed_from = '[1,[2]'",
      'trashed_from = \'[["x",1]]\'',
    ]
    for (const [at, change] of damage.entries()) db.exec(`UPDATE items SET ${change} WHERE id = ${ids[at]}`)
    // Neither in the trash nor out of it: it must not keep the expiry busy.
    db.exec(`UPDATE items SET trashed_at = 1 WHERE id = ${outer.id}`)
    db.close()
    const second = openFolder(data)
    const { trash, ...others } = only(second).space
    expect(trash.page(null, 10).map(({ name, folders }) => [name, folders])).toEqual([
      ['c', []],
      ['b', []],
      [`item ${ids[0]}`, []],
    ])
    await trash.expire(2)
    trash.restore(ids)
    expect(ids.map((id) => others.get(id).parentId)).toEqual([0, 0, 0])
    expect(others.has(outer.id)).toBe(true)
    await second.close()
  })

  it('takes a transfer whose folder is in it to the root', async () => {
    const { service, films } = await withFilm(shared)
    let send: () => void = () => undefined
    const asked = new Promise<void>((resolve) => {
      send = resolve
    })
    web.on('/slow.txt', async (request, response, socket) => {
      await asked
      await file(Buffer.from('slow'))(request, response, socket)
    })
    await service.ask('transfers.add', { links: [web.url('/slow.txt')], to_folder: films })
    await until(
      () => listed(service),
      (rows) => rows.length === 1,
    )
    await moveToTrash(service, films)
    send()
    await whenEmpty(service)
    expect(await namesIn(service)).toEqual(['slow.txt'])
  })
})

it('is done or not done, and the ledger right, when the service is killed right after it was asked', async () => {
  let { service, films } = await withFilm(await start())
  for (const method of ['files/delete', 'trash/restore', 'files/delete', 'trash/empty']) {
    void ownApi(service)('POST', `/v2/${method}`, { file_ids: `${films}` }).catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, Math.floor(random() * 8)))
    service = await restart(service)
    const isLiving = (await namesIn(service)).includes('Films')
    const isTrashed = (await trashOf(service)).some(({ name }) => name === 'Films')
    const isThere = method !== 'trash/empty' || isLiving || isTrashed
    expect([isLiving !== isTrashed, await usedBytes(service)]).toEqual([isThere, isThere ? 1000 : 0])
  }
})

function only({ users: [core] }: Cores): Core {
  if (core === undefined) throw new Error('there is no user')
  return core
}
