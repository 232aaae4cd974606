import { createHash, randomBytes } from 'node:crypto'
import { readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { FetchOptions } from '../../engine/fetch/fetch.ts'
import { createGate } from '../../engine/net/gate.ts'
import type { ResumeRecord } from '../../engine/resume.ts'
import { observeFetch } from '../support/fetching.ts'
import { solidBytes } from '../support/solid-bytes.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { endless, file, redirect, startWeb, status, type Web } from '../support/web.ts'

const bytes = solidBytes(3 * 1024 * 1024 + 17)
let web: Web
let folder: string
let part: string
beforeAll(async () => {
  web = await startWeb()
  folder = temporaryFolder('fetch')
})
beforeEach(() => {
  part = join(folder, randomBytes(8).toString('hex'))
  web.requests.length = 0
})
afterAll(() => web.stop())

/** Fetches without waiting between attempts, and returns what was reported on the way. */
async function get(path: string, more: Partial<FetchOptions> = {}) {
  const seen = await observeFetch({ link: web.url(path), partPath: part, ...more })
  if (seen.result === null) throw seen.error ?? new Error('nothing was fetched')
  return { ...seen.result, ...seen, records: seen.records.map(({ record }) => record) }
}

const sha = (data: Buffer) => createHash('sha256').update(data).digest('hex')
const isWhole = async () => sha(await readFile(part)) === sha(bytes)
const ranges = () => web.requests.map(({ headers }) => [headers.range ?? null, headers['if-range'] ?? null])

describe('a successful fetch', () => {
  it('writes every byte, asks for no content coding, and keeps the validator', async () => {
    web.on('/a', file(bytes, { etag: '"v1"' }))
    const { sizeBytes, records } = await get('/a')
    expect([sizeBytes, await isWhole(), web.requests[0]?.headers['accept-encoding']]).toEqual([
      bytes.length,
      true,
      'identity',
    ])
    expect(records.at(-1)).toEqual({
      validators: { etag: '"v1"', lastModified: null, strong: '"v1"' },
      totalBytes: bytes.length,
      syncedBytes: bytes.length,
      bootId: 'this boot',
      isSummed: true,
    })
  })

  it('fetches an empty file', async () => {
    web.on('/empty', file(Buffer.alloc(0)))
    expect((await get('/empty')).sizeBytes).toBe(0)
  })

  it('fetches a chunked body of unknown size', async () => {
    web.on('/chunked', file(bytes, { announce: null }))
    await get('/chunked')
    expect(await isWhole()).toBe(true)
  })

  it('follows redirects', async () => {
    web.on('/1', redirect('/2', 301))
    web.on('/2', redirect('/a', 307))
    web.on('/a', file(bytes))
    await get('/1')
    expect(await isWhole()).toBe(true)
  })

  it('tries the next address of a host when the first refuses the connection', async () => {
    const twin = createGate({
      allowHosts: ['twin.test'],
      resolve: async () => [
        { address: '127.0.0.2', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
    })
    web.on('/a', file(bytes))
    const { troubles } = await get('/a', { gate: twin, link: `http://twin.test:${web.port}/a` })
    expect([await isWhole(), troubles]).toEqual([true, [null]])
  })

  it('sends a user name and password to the link’s own origin only', async () => {
    const other = await startWeb()
    other.on('/end', file(bytes))
    web.on('/login', redirect(other.url('/end')))
    await get('/login', { link: web.url('/login').replace('//', '//me:pw@') })
    expect([web.requests[0]?.headers.authorization, other.requests[0]?.headers.authorization]).toEqual([
      `Basic ${Buffer.from('me:pw').toString('base64')}`,
      undefined,
    ])
    await other.stop()
  })
})

describe('an interrupted fetch', () => {
  it('resumes where it stopped, with If-Range', async () => {
    web.on('/cut', file(bytes, { etag: '"v1"', cutAfter: 1_500_000, cuts: 2 }))
    await get('/cut')
    expect(await isWhole()).toBe(true)
    expect([ranges()[0], ranges().length]).toEqual([[null, null], 3])
    for (const [range, ifRange] of ranges().slice(1)) {
      expect([/^bytes=[1-9]\d*-$/.test(String(range)), ifRange]).toEqual([true, '"v1"'])
    }
  })

  it.each([
    ['a weak validator', { etag: 'W/"v1"' }],
    ['no validator', { etag: null }],
    ['a date as recent as the response', { etag: null, lastModified: new Date().toUTCString() }],
  ])('starts over and says so when the server sends %s', async (_what, behaviour) => {
    web.on('/weak', file(bytes, { ...behaviour, cutAfter: 1_000_000, cuts: 1 }))
    const { troubles } = await get('/weak')
    expect([await isWhole(), ranges()[1], troubles.some((trouble) => trouble?.startsWith('Started over'))]).toEqual([
      true,
      [null, null],
      true,
    ])
  })

  it('starts over when the file changed between attempts', async () => {
    const old = randomBytes(bytes.length)
    web.on('/swap', (request, response, socket) => {
      web.on('/swap', file(bytes, { etag: '"new"' }))
      return file(old, { etag: '"old"', cutAfter: 2_000_000 })(request, response, socket)
    })
    const { troubles } = await get('/swap')
    expect([await isWhole(), troubles.some((trouble) => trouble?.includes('has changed'))]).toEqual([true, true])
  })

  it('obeys Retry-After up to an hour, and gives up after five attempts without progress', async () => {
    web.on('/busy', status(503, { 'retry-after': '120' }))
    const waits: number[] = []
    const sleep = async (ms: number) => {
      waits.push(ms)
    }
    await expect(get('/busy', { sleep })).rejects.toThrow('reports an error of its own (503)')
    web.on('/busy', status(429, { 'retry-after': '31536000' }))
    await expect(get('/busy', { sleep })).rejects.toThrow('asks for fewer requests (429)')
    web.on('/busy', status(500, { 'retry-after': 'soon' }))
    await expect(get('/busy', { sleep })).rejects.toThrow('(500)')
    expect(waits).toEqual([...Array(4).fill(120_000), ...Array(4).fill(3_600_000), 500, 1000, 2000, 4000])
  })

  it('retries when the server stops sending', async () => {
    web.on('/stall', (request, response, socket) => {
      web.on('/stall', file(bytes))
      return file(bytes, { holdUntil: new Promise(() => undefined) })(request, response, socket)
    })
    const { troubles } = await get('/stall', { stallMs: 400 })
    expect([await isWhole(), troubles.some((trouble) => trouble?.includes('stopped sending'))]).toEqual([true, true])
  })
})

describe('a fetch from a server that lies', () => {
  it('fails after retries when less arrives than was announced', async () => {
    web.on('/short', file(bytes, { announce: bytes.length + 1000, etag: null, cuts: 0 }))
    await expect(get('/short')).rejects.toThrow('closed the connection early')
  })

  it('fails when more arrives than was announced', async () => {
    web.on('/long', (_request, response) => {
      response.strictContentLength = false
      response.socket?.end(`HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\n${'x'.repeat(50)}`)
    })
    await expect(get('/long')).rejects.toThrow('sent more than it had announced')
  })

  it.each([
    ['names another start', `bytes 0-${bytes.length - 1}/${bytes.length}`],
    ['names another size', `bytes 1000000-${bytes.length + 4}/${bytes.length + 5}`],
    ['has another unit', 'lines 5-9/10'],
    ['covers less than the rest', `bytes 1000000-1000009/${bytes.length}`],
    ['is missing', ''],
  ])('starts over and ends with the right bytes when the Content-Range of a part %s', async (_what, contentRange) => {
    await writeFile(part, bytes.subarray(0, 1_000_000))
    web.on('/lie', (request, response, socket) => {
      if (request.headers.range === undefined) return file(bytes, { etag: '"v1"' })(request, response, socket)
      const headers = { etag: '"v1"', ...(contentRange === '' ? {} : { 'content-range': contentRange }) }
      response.writeHead(206, headers).end(Buffer.alloc(10))
    })
    await get('/lie', { resume: record() })
    expect(await isWhole()).toBe(true)
  })

  it('starts over when the ETag is the same but the date is not', async () => {
    await writeFile(part, randomBytes(1_000_000))
    web.on('/same', file(bytes, { etag: '"v1"', lastModified: 'Tue, 02 Jan 2024 00:00:00 GMT' }))
    const validators = { etag: '"v1"', lastModified: 'Mon, 01 Jan 2024 00:00:00 GMT', strong: '"v1"' }
    await get('/same', { resume: { ...record(), validators } })
    expect(await isWhole()).toBe(true)
  })

  it('fails when the body is not in the content coding that was declared', async () => {
    web.on('/gzip', file(bytes, { headers: { 'content-encoding': 'gzip' } }))
    await expect(get('/gzip')).rejects.toThrow('“gzip”')
  })

  it('rejects redirect loops, endless redirects, and redirects to a file or an invalid URL', async () => {
    web.on('/x', redirect('/y'))
    web.on('/y', redirect('/x'))
    await expect(get('/x')).rejects.toThrow('in a circle')
    for (let n = 0; n < 22; n++) web.on(`/hop${n}`, redirect(`/hop${n + 1}`))
    await expect(get('/hop0')).rejects.toThrow('more than 20 times')
    web.on('/file', redirect('file:///etc/passwd'))
    await expect(get('/file')).rejects.toThrow('Only http and ftp')
    web.on('/nowhere', redirect('http://'))
    await expect(get('/nowhere')).rejects.toThrow('not a link')
  })

  it('makes no connection when it is redirected to a host that the gate refuses', async () => {
    const inner = await startWeb()
    const outer = createGate({
      allowHosts: ['outer.test'],
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    })
    web.on('/inward', redirect(`http://inner.test:${inner.port}/secret`))
    const link = `http://outer.test:${web.port}/inward`
    await expect(get('/inward', { link, gate: outer })).rejects.toThrow('“inner.test” is on this computer')
    expect([inner.requests, web.requests.length]).toEqual([[], 1])
    await inner.stop()
  })

  it('stops an endless body when the onBytes callback throws', async () => {
    web.on('/endless', endless)
    const onBytes = (length: number) => {
      if (length > 4_000_000) throw new Error('no more room')
    }
    await expect(get('/endless', { onBytes })).rejects.toThrow('no more room')
    expect((await readFile(part)).length).toBeLessThanOrEqual(4_000_000)
  })
})

describe('resuming in a later run', () => {
  beforeEach(() => web.on('/a', file(bytes, { etag: '"v1"' })))

  it('trusts the whole part file within the same boot', async () => {
    await writeFile(part, bytes.subarray(0, 2_000_000))
    await get('/a', { resume: { ...record(), syncedBytes: 5 } })
    expect([await isWhole(), ranges()]).toEqual([true, [['bytes=2000000-', '"v1"']]])
  })

  it('trusts only what was synced to the disk after another boot', async () => {
    await writeFile(part, Buffer.concat([bytes.subarray(0, 1_000_000), Buffer.alloc(500_000)]))
    await get('/a', { resume: { ...record(), bootId: 'another boot', syncedBytes: 1_000_000 } })
    expect([await isWhole(), ranges()]).toEqual([true, [['bytes=1000000-', '"v1"']]])
  })

  it('fetches the rest of a part file that was truncated meanwhile', async () => {
    await writeFile(part, bytes.subarray(0, 2_000_000))
    await truncate(part, 1_200_000)
    await get('/a', { resume: { ...record(), syncedBytes: 2_000_000 } })
    expect([await isWhole(), ranges()[0]?.[0]]).toEqual([true, 'bytes=1200000-'])
  })

  it('recognizes a part file that is already complete', async () => {
    await writeFile(part, bytes)
    const { sizeBytes } = await get('/a', { resume: record() })
    expect([sizeBytes, await isWhole(), ranges()]).toEqual([bytes.length, true, [[`bytes=${bytes.length}-`, '"v1"']]])
  })
})

function record(): ResumeRecord {
  return {
    validators: { etag: '"v1"', lastModified: null, strong: '"v1"' },
    totalBytes: bytes.length,
    syncedBytes: 0,
    bootId: 'this boot',
  }
}
