import { createRequire } from 'node:module'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { zipOf } from '../support/archives.ts'
import { type Service, startService, until } from '../support/service.ts'
import { tusClient } from '../support/uploads.ts'
import { file, startWeb, type Web } from '../support/web.ts'

// It is a CommonJS package whose types say otherwise.
const { default: PutioAPIClient }: typeof import('@putdotio/api-client') = createRequire(import.meta.url)(
  '@putdotio/api-client',
)
type Client = InstanceType<typeof PutioAPIClient>

let web: Web
let service: Service
let client: Client
beforeAll(async () => {
  web = await startWeb()
  service = await startService({ user: 'ann', diskQuota: 100_000_000 })
  client = clientWith(service.token)
})
afterAll(async () => {
  await service.stop()
  await web.stop()
})

function clientWith(token: string): Client {
  return new PutioAPIClient({ baseURL: `${service.url}/v2` }).setToken(token)
}

/** What was called, and how it ended. */
const table: string[] = []

/** Calls the client, and returns the body of the answer. */
async function did(name: string, call: Promise<{ body?: unknown }>): Promise<Record<string, unknown>> {
  const { body } = await call.catch((error: unknown) => {
    throw new Error(`${name}: ${JSON.stringify(Object(error).data ?? `${error}`)}`)
  })
  const fields: Record<string, unknown> = Object(body)
  table.push(`${name}: ${Object.keys(fields).join(' ')}`)
  if (name !== 'File.GetContent' && name !== 'File.Download') expect([name, fields.status]).toEqual([name, 'OK'])
  return fields
}

/** The error of a call that the service refuses. */
async function refused(name: string, call: Promise<unknown>): Promise<[status: unknown, type: unknown]> {
  const error: unknown = await call.then(
    () => null,
    (reason: unknown) => reason,
  )
  const { data } = Object(error)
  const { status_code: status, error_type: type } = Object(data)
  table.push(`${name}: refused, ${status} ${type}`)
  return [status, type]
}

const idOf = (value: unknown): number => Number(Object(value).id)
const names = (list: unknown): unknown[] => (Array.isArray(list) ? list.map((one: unknown) => Object(one).name) : [])

it('is understood by the client that Put.io has published, call by call', async () => {
  const { Account, Auth, Config, Events, File, Files, Friends, Sharing, Transfers, Trash, User, Zips } = client

  // The account.
  expect((await did('Account.Info', Account.Info({ download_token: 1 }))).info).toMatchObject({ username: 'ann' })
  expect(Object((await did('Account.Settings', Account.Settings())).settings).trash_enabled).toBe(true)
  await did('Account.SaveSettings', Account.SaveSettings({ history_enabled: true }))
  await did('User.Info', User.Info({}))
  await did('User.Settings', User.Settings())

  // Signing in.
  const { code } = await did('Auth.GetCode', Auth.GetCode(4711, 'A player'))
  expect((await did('Auth.CheckCodeMatch', Auth.CheckCodeMatch(`${code}`))).oauth_token).toBe(null)
  expect((await did('Auth.LinkDevice', Auth.LinkDevice(`${code}`))).app).toEqual({ id: 4711, name: 'A player' })
  const { oauth_token: token } = await did('Auth.CheckCodeMatch', Auth.CheckCodeMatch(`${code}`))
  expect((await did('Auth.ValidateToken', Auth.ValidateToken(`${token}`))).result).toBe(true)
  const { apps } = await did('Auth.Grants', Auth.Grants())
  expect(names(apps)).toEqual(['A player'])
  await did('Auth.RevokeApp', Auth.RevokeApp(idOf(Object(apps)[0])))
  expect(await refused('Account.Info', clientWith(`${token}`).Account.Info())).toEqual([401, 'invalid_grant'])

  // Files.
  const folder = idOf((await did('Files.CreateFolder', Files.CreateFolder({ name: 'Films', parentId: 0 }))).file)
  const other = idOf((await did('Files.NewFolder', Files.NewFolder('Others'))).file)
  const tus = tusClient(service)
  const upload = async (name: string) =>
    Number((await tus.send(Buffer.from(`of ${name}`), { name, parent_id: `${folder}` })).headers.get('putio-file-id'))
  const ids = await Promise.all(['film 1.mp4', 'film 2.mp4', 'film 10.mp4'].map(upload))
  const [first = 0, second = 0, third = 0] = ids
  const options = { perPage: 2, breadcrumbs: true, total: true, mp4Status: true, streamUrl: true, videoMetadata: true }
  const page = await did('Files.Query', Files.Query(folder, options))
  expect([page.total, names(page.files).length, Object(page.parent).id]).toEqual([3, 2, folder])
  const rest = await did('Files.Continue', Files.Continue(`${page.cursor}`, { perPage: 2 }))
  expect([...names(page.files), ...names(rest.files)].toSorted()).toEqual(['film 1.mp4', 'film 10.mp4', 'film 2.mp4'])
  await did('Files.Query', Files.Query('friends'))
  const found = await did('Files.Search', Files.Search('film', { perPage: 1 }))
  expect(found.total).toBe(4)
  await did('Files.ContinueSearch', Files.ContinueSearch(`${found.cursor}`, { perPage: 50 }))
  await did('File.Rename', File.Rename(third, 'song.mp3'))
  expect((await did('Files.Move', Files.Move([third], other))).errors).toEqual([])
  expect((await did('File.GetStorageURL', File.GetStorageURL(first))).url).toMatch(/^http:/)
  expect((await File.GetContent(first)).data).toBe('of film 1.mp4')
  expect((await File.Download(first)).data).toBe('of film 1.mp4')
  await did('File.SetStartFrom', File.SetStartFrom(first, '12'))
  expect((await did('File.GetStartFrom', File.GetStartFrom(first))).start_from).toBe(12)
  await did('File.ResetStartFrom', File.ResetStartFrom(first))
  expect(idOf((await did('File.FindNextFile', File.FindNextFile(first, 'VIDEO'))).next_file)).toBe(second)
  expect(idOf((await did('File.FindNextVideo', File.FindNextVideo(first))).next_video)).toBe(second)
  expect((await did('File.Subtitles', File.Subtitles(first, service.token, ['eng']))).subtitles).toEqual([])
  expect((await did('File.ConvertStatus', File.ConvertStatus(first))).mp4).toMatchObject({ status: 'NOT_AVAILABLE' })
  expect(await refused('Files.CreateFolder', Files.CreateFolder({ name: 'Films', parentId: 0 }))).toEqual([
    ...[400, 'NAME_ALREADY_EXIST'],
  ])
  expect(await refused('File.Rename', File.Rename(999, 'x'))).toEqual([404, 'NotFound'])

  // Sharing, with nobody else there.
  await did('Files.Share', Files.Share({ ids: [other], friends: ['everyone'] }))
  expect(names((await did('Files.SharedOnes', Files.SharedOnes())).shared)).toEqual(['Others'])
  await did('File.Unshare', File.Unshare(other, 'everyone'))
  const clone = idOf(await did('Sharing.Clone', Sharing.Clone({ ids: [first], parentId: other })))
  const { shared_file_clone_status: cloned } = await did('Sharing.CloneInfo', Sharing.CloneInfo(clone))
  expect(cloned).toBe('DONE')
  expect((await did('Friends.Query', Friends.Query())).friends).toEqual([])
  await did('Friends.Search', Friends.Search('bob'))
  await did('Friends.WaitingRequests', Friends.WaitingRequests())
  await did('Friends.WaitingRequestsCount', Friends.WaitingRequestsCount())
  expect(await refused('Friends.SharedFolder', Friends.SharedFolder('bob'))).toEqual([404, 'USER_NOT_FOUND'])

  // The trash.
  expect((await did('Files.Delete', Files.Delete([first, second]))).skipped).toBe(0)
  const trash = await did('Trash.List', Trash.List({ limit: 1 }))
  expect(trash.total).toBe(2)
  await did('Trash.Continue', Trash.Continue(`${trash.cursor}`))
  await did('Trash.Restore', Trash.Restore({ ids: [first] }))
  await did('Trash.Delete', Trash.Delete({ ids: [second] }))
  const all = await did('Files.Query', Files.Query(folder, { perPage: 1 }))
  if (typeof all.cursor === 'string') await did('Files.DeleteAll', Files.DeleteAll(all.cursor, [], {}))
  await did('Trash.Empty', Trash.Empty())

  // Zips.
  const { zip_id: zipId } = await did('Zips.Create', Zips.Create({ ids: [other] }))
  await until(
    () => did('Zips.Get', Zips.Get(Number(zipId))),
    ({ zip_status: status }) => status === 'DONE',
  )
  await did('Zips.Query', Zips.Query())
  const { id: linksId } = await did('DownloadLinks.Create', client.DownloadLinks.Create({ ids: [third] }))
  const { links } = await did('DownloadLinks.Get', client.DownloadLinks.Get(Number(linksId)))
  expect(Object(links).download_links).toHaveLength(1)
  await did('Files.SetWatchStatus', Files.SetWatchStatus({ ids: [third], watched: true }))
  await did('Zips.Cancel', Zips.Cancel(Number(zipId)))

  // Archives.
  const zip = zipOf([{ name: 'inside.txt', bytes: Buffer.from('text') }])
  const body = new FormData()
  body.set('file', new Blob([new Uint8Array(zip)]), 'archive.zip')
  const headers = { authorization: `Token ${service.token}` }
  const sent = await fetch(`${service.url}/v2/files/upload`, { method: 'POST', headers, body })
  const archiveId = idOf(Object(await sent.json()).file)
  await did('File.Extract', File.Extract(archiveId, 'not needed'))
  const { extractions } = await until(
    () => did('Files.ExtractStatus', Files.ExtractStatus()),
    (status) => Object(Object(status.extractions)[0]).status === 'EXTRACTED',
  )
  expect(extractions).toMatchObject([{ name: 'archive.zip', num_parts: 1, files: [archiveId] }])
  await did('Files.Extract', Files.Extract({ ids: [archiveId] }))

  // Transfers.
  web.on('/a.txt', file(Buffer.from('a')))
  const url = web.url('/a.txt')
  const added = await did('Transfers.Add', Transfers.Add({ url, save_parent_id: folder }))
  const many = await did('Transfers.AddMulti', Transfers.AddMulti([{ url: `${url}?2` }, { url: 'nonsense' }]))
  expect([names(many.transfers), Object(many.errors)[0].error_type]).toEqual([['a.txt'], 'BadRequest'])
  await until(
    () => did('Transfers.Get', Transfers.Get(idOf(added.transfer))),
    ({ transfer }) => Object(transfer).status === 'COMPLETED',
  )
  const listed = await did('Transfers.Query', Transfers.Query({ perPage: 1, total: true }))
  expect(listed.total).toBe(2)
  await did('Transfers.Continue', Transfers.Continue(`${listed.cursor}`, { perPage: 1 }))
  await did('Transfers.Count', Transfers.Count())
  await did('Transfers.Retry', Transfers.Retry(idOf(added.transfer)))
  expect(await refused('Transfers.Reannounce', Transfers.Reannounce(idOf(added.transfer)))).toEqual([400, 'BadRequest'])
  await did('Transfers.Cancel', Transfers.Cancel([idOf(added.transfer)]))
  await did('Transfers.ClearAll', Transfers.ClearAll())

  // The history, and what apps store.
  const { events } = await did('Events.Query', Events.Query())
  const types = Array.isArray(events) ? events.map((event: unknown) => Object(event).type) : []
  expect(new Set(types)).toEqual(new Set(['upload', 'transfer_completed']))
  await did('Events.Delete', Events.Delete(idOf(Object(events)[0])))
  await did('Events.Clear', Events.Clear())
  await did('Config.Write', Config.Write({ view: 'grid', sizes: [1, 2] }))
  expect((await did('Config.Read', Config.Read())).config).toEqual({ view: 'grid', sizes: [1, 2] })
  await did('Config.SetKey', Config.SetKey<Record<string, unknown>, string>('view', { as: 'list' }))
  expect((await did('Config.GetKey', Config.GetKey<Record<string, unknown>, string>('view'))).value).toEqual({
    as: 'list',
  })
  await did('Config.DeleteKey', Config.DeleteKey<Record<string, unknown>, string>('view'))
  await did('Auth.Logout', Auth.Logout())

  console.info(`Calls of @putdotio/api-client:\n${[...new Set(table)].join('\n')}`)
})
