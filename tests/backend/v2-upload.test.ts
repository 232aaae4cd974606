import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { basesOf } from '../../electron/backend/putio/bases.ts'
import { UnreadRows } from '../../electron/backend/putio/unread-rows.ts'
import { ArrivedTorn, type Upload } from '../../electron/backend/putio/upload.ts'
import { createV2Client } from '../../electron/backend/putio/v2/client.ts'
import { systemClock } from '../../electron/backend/putio/v2/clock.ts'
import { Secrets } from '../../electron/backend/secrets/secrets.ts'
import { has } from '../support/facilities.ts'
import { freePort } from '../support/free-port.ts'
import { type Service, startService } from '../support/service.ts'
import { temporaryFolder } from '../support/temp-folder.ts'

let service: Service | null = null
afterEach(async () => {
  await service?.stop()
  service = null
})

const token = 'a-test-token-of-28-characters'
function clientAt(url: string) {
  const log = { info: () => undefined, error: () => undefined }
  const unread = new UnreadRows({ log, show: () => undefined })
  return createV2Client({ bases: async () => basesOf(url), token, secrets: new Secrets(), unread, clock: systemClock })
}

/** A file with content that is not the same everywhere. */
function makeFile(sizeBytes: number, name = 'some file.bin'): string {
  const path = join(temporaryFolder('upload'), name)
  const bytes = Buffer.alloc(sizeBytes)
  for (let at = 0; at + 4 <= sizeBytes; at += 4) bytes.writeUInt32LE((at * 2654435761) >>> 0, at)
  writeFileSync(path, bytes)
  return path
}

function uploadOf(path: string, more: Partial<Upload> = {}): Upload & { places: (string | null)[]; reached: number[] } {
  const { size, mtimeMs } = statSync(path)
  const places: (string | null)[] = []
  const reached: number[] = []
  return {
    ...{ path, name: 'sent.bin', folderId: 0, sizeBytes: size, changedAtMs: mtimeMs, isReplacing: false },
    ...{ begunAt: null, signal: new AbortController().signal },
    onBegun: (place) => places.push(place),
    onProgress: (bytes) => reached.push(bytes),
    ...more,
    ...{ places, reached },
  }
}

async function contentOf({ url }: Service, id: number | null): Promise<Buffer> {
  const response = await fetch(`${url}/v2/files/${id}/download`, { headers: { authorization: `Token ${token}` } })
  return Buffer.from(await response.arrayBuffer())
}
const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const { readFileSync } = await import('node:fs')

it.each([0, 1, 262_144, 5_000_001])('sends a file of %i bytes', async (sizeBytes) => {
  service = await startService()
  const path = makeFile(sizeBytes)
  const upload = uploadOf(path)
  const id = await clientAt(service.url).upload(upload)
  expect(sha(await contentOf(service, id))).toBe(sha(readFileSync(path)))
  expect([upload.places.length, upload.places.at(-1)]).toEqual([2, null])
  expect(upload.reached.at(-1) ?? 0).toBe(sizeBytes)
})

it('continues a file after the service was killed in the middle, and when it is back', async () => {
  const port = await freePort()
  const first = await startService({ port })
  service = first
  const path = makeFile(120_000_000)
  let isKilled = false
  const upload = uploadOf(path, {
    onProgress: (bytes) => {
      if (bytes < 60_000_000 || isKilled) return
      isKilled = true
      void first.kill9().then(async () => {
        service = await startService({ port, data: first.data })
      })
    },
  })
  const id = await clientAt(first.url).upload(upload)
  expect(isKilled).toBe(true)
  expect(sha(await contentOf(service, id))).toBe(sha(readFileSync(path)))
  const { rows } = await service.ask('files.list', { parent_id: 0 })
  expect(rows.length).toBe(1)
})

it('continues after a restart where it was, and begins anew where the service knows nothing of it', async () => {
  service = await startService()
  const { url } = service
  const path = makeFile(9_000_000)
  const stopping = new AbortController()
  const first = uploadOf(path, {
    signal: stopping.signal,
    onProgress: (bytes) => {
      if (bytes > 4_500_000) stopping.abort(new Error('stopped'))
    },
  })
  await expect(clientAt(url).upload(first)).rejects.toThrow('stopped')
  const [place = null] = first.places
  expect(place).toMatch(/^\/\w+\/\w+/)
  const second = uploadOf(path, { begunAt: place })
  const id = await clientAt(url).upload(second)
  expect(second.reached[0]).toBeGreaterThan(0)
  expect(sha(await contentOf(service, id))).toBe(sha(readFileSync(path)))

  const third = uploadOf(path, { begunAt: `${url}/files/${'0'.repeat(32)}` })
  const again = await clientAt(url).upload(third)
  expect(third.places.length).toBe(3)
  expect(sha(await contentOf(service, again))).toBe(sha(readFileSync(path)))
})

it('does not send a file to another host, although it was begun there', async () => {
  service = await startService()
  const path = makeFile(10)
  const upload = uploadOf(path, { begunAt: 'http://127.0.0.1:1/files/stolen' })
  expect(await clientAt(service.url).upload(upload)).toBeGreaterThan(0)
})

it('notices that a file was changed, appended to, or removed', async () => {
  service = await startService()
  const client = clientAt(service.url)
  const [touched, grown, gone] = [makeFile(1000), makeFile(1000), makeFile(1000)]
  const uploads = [touched, grown].map((path) => uploadOf(path))
  utimesSync(touched, new Date(0), new Date(0))
  appendFileSync(grown, 'more')
  uploads.push({ ...uploadOf(gone), path: `${gone}.not` })
  for (const upload of uploads) await expect(client.upload(upload)).rejects.toMatchObject({ code: 'bad-input' })
  expect((await service.ask('files.list', { parent_id: 0 })).rows).toEqual([])
})

it('tells that a file was changed in place while its only piece was sent', async () => {
  service = await startService()
  const path = makeFile(6_000_000)
  let isChanged = false
  const upload = uploadOf(path, {
    onProgress: (bytes) => {
      if (bytes < 1_000_000 || isChanged) return
      isChanged = true
      // Without a moment in which it is shorter: the piece must arrive whole.
      writeFileSync(path, Buffer.alloc(6_000_000, 'x'), { flag: 'r+' })
      utimesSync(path, new Date(1), new Date(1))
    },
  })
  const failure: unknown = await clientAt(service.url)
    .upload(upload)
    .catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'bad-input', cause: expect.any(ArrivedTorn) })
})

it.runIf(has('programs of Unix', 'symbolic links'))(
  'opens neither a pipe nor a link in the place of a file',
  async () => {
    service = await startService()
    const [pipe, link] = [makeFile(10), makeFile(10)]
    const uploads = [uploadOf(pipe), uploadOf(link)]
    rmSync(pipe)
    execFileSync('mkfifo', [pipe])
    rmSync(link)
    symlinkSync(makeFile(10), link)
    for (const upload of uploads)
      await expect(clientAt(service.url).upload(upload)).rejects.toMatchObject({ code: 'bad-input' })
  },
)

it('frees the space of a file that is not sent to its end', async () => {
  service = await startService({ diskQuota: 10_000_000 })
  const client = clientAt(service.url)
  const stopping = new AbortController()
  const first = uploadOf(makeFile(8_000_000), {
    signal: stopping.signal,
    onProgress: (bytes) => {
      if (bytes > 1_000_000) stopping.abort(new Error('stopped'))
    },
  })
  await expect(client.upload(first)).rejects.toThrow('stopped')
  await expect(client.upload(uploadOf(makeFile(7_000_000)))).rejects.toMatchObject({ code: 'refused' })
  await client.discardUpload(first.places[0] ?? '')
  expect(await client.upload(uploadOf(makeFile(7_000_000)))).toBeGreaterThan(0)
})

it.each([
  ['a folder that is not there', { folderId: 4711 }, 'not-found'],
  ['a name with a slash', { name: 'a/b' }, 'refused'],
])('tells in a sentence why a file cannot be sent: %s', async (_what, more, code) => {
  service = await startService()
  const sent = clientAt(service.url).upload(uploadOf(makeFile(10), more))
  await expect(sent).rejects.toMatchObject({ code, message: expect.stringMatching(/ .*[.”]$/) })
})

it('tells that there is no space for a file before it is sent', async () => {
  service = await startService({ diskQuota: 1000 })
  const upload = uploadOf(makeFile(2000))
  await expect(clientAt(service.url).upload(upload)).rejects.toMatchObject({ code: 'refused' })
  expect(upload.reached).toEqual([])
})
