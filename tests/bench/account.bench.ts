import { statSync } from 'node:fs'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { basesOf } from '../../electron/backend/putio/bases.ts'
import type { PutioClient } from '../../electron/backend/putio/client.ts'
import { UnreadRows } from '../../electron/backend/putio/unread-rows.ts'
import { createV2Client } from '../../electron/backend/putio/v2/client.ts'
import { systemClock } from '../../electron/backend/putio/v2/clock.ts'
import { Secrets } from '../../electron/backend/secrets/secrets.ts'
import { toColumns } from '../../shared/item.ts'
import { apiV2 } from '../support/api-v2.ts'
import { startRclone } from '../support/rclone.ts'
import type { Service } from '../support/service.ts'
import { startWeb } from '../support/web.ts'
import { inPlace, writeRandomFile } from './content.ts'
import { alternate, median, type Row, rowOfTimes, timed } from './measure.ts'
import type { BenchOptions } from './service.bench.ts'
import { startBuilt } from './stored.ts'

const itemCount = 20_000
const transferCount = 500
const watchedMs = 10_000

function clientOf({ url, token }: Service): PutioClient {
  const log = { info: () => undefined, error: () => undefined }
  const unread = new UnreadRows({ log, show: () => undefined })
  return createV2Client({ bases: async () => basesOf(url), token, secrets: new Secrets(), unread, clock: systemClock })
}

/** P34: a file is sent up by tus, compared with an unmodified rclone, which needs a proxy that speaks for Put.io's hosts. */
export function benchUpload({ folder, sizeMiB, pairs }: BenchOptions): Promise<Row> {
  return inPlace(folder, 'p34', async (place) => {
    const path = join(place, 'source.bin')
    writeRandomFile(path, sizeMiB)
    const service = await startBuilt({ data: join(place, 'data') })
    const rclone = await startRclone(() => service)
    const call = apiV2(service)
    const { size: sizeBytes, mtimeMs: changedAtMs } = statSync(path)
    const clear = async () => {
      const { body } = await call('GET', '/v2/files/list', { parent_id: 0, per_page: 1000 })
      const files: unknown[] = Array.isArray(body.files) ? body.files : []
      const ids = files.map((file) => Object(file).id)
      if (ids.length > 0) await call('POST', '/v2/files/delete', { file_ids: ids.join(','), skip_trash: 1 })
    }
    const ours = async () => {
      const client = clientOf(service)
      // As the app does, which then knows whose service it is.
      await client.account()
      const run = await timed(() =>
        client.upload({
          ...{ path, name: 'ours.bin', folderId: 0, sizeBytes, changedAtMs, isReplacing: false, begunAt: null },
          ...{ onBegun: () => undefined, onProgress: () => undefined, signal: new AbortController().signal },
        }),
      )
      await clear()
      return run
    }
    const peer = async () => {
      const run = await timed(async () => {
        const { code, stderr } = await rclone.run('copyto', path, 'p:theirs.bin')
        if (code !== 0) throw new Error(`rclone ended with ${code}: ${stderr}`)
      })
      await clear()
      return run
    }
    try {
      const row = { id: 'P34', what: `send ${sizeMiB} MiB up by tus`, gate: 1.1, goal: 1 }
      return rowOfTimes(row, 'rclone copy', await alternate(Math.min(3, pairs), ours, peer))
    } finally {
      await rclone.stop()
      await service.stop()
    }
  })
}

/** P33: a folder of 20,000 items over API v2, until its first rows and all of its columns are there. */
export function benchLongList({ folder, pairs }: BenchOptions): Promise<Row[]> {
  return inPlace(folder, 'p33', async (data) => {
    const service = await startBuilt({ data })
    try {
      const folderId = await fill(service)
      const firstMs: number[] = []
      const wholeMs: number[] = []
      const heapBytes: number[] = []
      for (let round = 0; round <= pairs; round += 1) {
        const client = clientOf(service)
        const startedAt = performance.now()
        let first: number | null = null
        const before = process.memoryUsage().heapUsed
        const items = await client.listItems(folderId, (some) => {
          toColumns(some)
          first ??= performance.now() - startedAt
        })
        toColumns(items)
        if (items.length !== itemCount) throw new Error(`${items.length} items instead of ${itemCount}`)
        // The first round is not measured.
        if (round === 0) continue
        firstMs.push(first ?? Number.POSITIVE_INFINITY)
        wholeMs.push(performance.now() - startedAt)
        heapBytes.push(process.memoryUsage().heapUsed - before)
      }
      const memory = Math.max(0, median(heapBytes)) / 2 ** 20
      return [
        limited('P33', 'first rows of 20,000 items over API v2', median(firstMs), 300),
        {
          ...limited('P33a', 'all of 20,000 items over API v2', median(wholeMs), 3000),
          peer: `limit 3000 ms, heap + ${memory.toFixed(0)} MiB`,
        },
      ]
    } finally {
      await service.stop()
    }
  })
}

function limited(id: string, what: string, ms: number, limitMs: number): Row {
  const ratio = ms / limitMs
  const limit = `limit ${limitMs} ms`
  return {
    id,
    what,
    ours: `${ms.toFixed(0)} ms`,
    peer: limit,
    ratio,
    noise: null,
    isMoreBetter: false,
    gate: 1,
    goal: 0.5,
  }
}

/** Makes a folder with empty folders, many at a time. */
async function fill(service: Service): Promise<number> {
  const call = apiV2(service)
  const { body } = await call('POST', '/v2/files/create-folder', { name: 'Many', parent_id: 0 })
  const parentId = Number(Object(body.file).id)
  for (let done = 0; done < itemCount; done += 50)
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        call('POST', '/v2/files/create-folder', { name: `Folder number ${done + index}`, parent_id: parentId }),
      ),
    )
  return parentId
}

/** P18: bytes that it takes to follow 500 transfers, of which one moves, by announcements, compared with the whole list each second. */
export function benchPush({ folder }: BenchOptions): Promise<Row> {
  return inPlace(folder, 'p18', async (data) => {
    const web = await startWeb()
    const service = await startBuilt({ data, busy: 'always', activeLimit: 1 })
    try {
      web.on('/slow.bin', (_request, response) => {
        response.writeHead(200, { 'content-length': 1_000_000_000 })
        const timer = setInterval(() => response.write(Buffer.alloc(1_000_000)), 500)
        response.once('close', () => clearInterval(timer))
      })
      const links = Array.from({ length: transferCount }, (_, index) => `${web.url('/slow.bin')}?${index}`)
      await service.ask('transfers.add', { links })
      // All of them are told once why they wait.
      await new Promise((resolve) => setTimeout(resolve, 6000))
      const socket = new WebSocket(`${service.url.replace('http', 'ws')}/socket/sockjs/websocket`, {
        headers: { 'putdesk-fields': '1' },
      })
      let pushed = 0
      let messages = 0
      socket.on('message', (message) => {
        pushed += `${message}`.length
        messages += 1
      })
      await new Promise((resolve) => socket.once('open', resolve))
      socket.send(service.token)
      let polled = 0
      for (let elapsed = 0; elapsed < watchedMs; elapsed += 1000) {
        const { body } = await apiV2(service)(
          'GET',
          '/v2/transfers/list',
          { per_page: 1000 },
          { 'putdesk-fields': '1' },
        )
        polled += JSON.stringify(body).length
        await new Promise((resolve) => setTimeout(resolve, 1000))
      }
      socket.close()
      return {
        id: 'P18',
        what: `follow ${transferCount} transfers for ${watchedMs / 1000} s`,
        ours: `${(pushed / 1000).toFixed(1)} kB in ${messages} messages`,
        peer: `the list each second ${(polled / 1000).toFixed(0)} kB`,
        ratio: pushed / polled,
        noise: null,
        isMoreBetter: false,
        gate: 0.1,
        goal: 0.02,
      }
    } finally {
      await service.stop()
      await web.stop()
    }
  })
}
