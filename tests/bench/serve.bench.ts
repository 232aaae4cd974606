import { mkdirSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { type Service, until } from '../support/service.ts'
import { inPlace, writeRandomFile } from './content.ts'
import { type LoadRun, runLoad, startLoadClient } from './load.ts'
import {
  alternate,
  median,
  medianMs,
  milliseconds,
  percentile,
  type Row,
  type Run,
  seconds,
  takeTurns,
  timed,
} from './measure.ts'
import { cpuMsOf, startNginx, timeCommand } from './programs.ts'
import type { BenchOptions } from './service.bench.ts'
import { startBuilt, store, streamUrl } from './stored.ts'

const rangeBytes = 64 * 1024
const connections = 16

/** P6: serve a stored file to one client. P6r: serve random ranges of it to sixteen. Both compared with nginx with sendfile. */
export function benchServe({ folder, sizeMiB, pairs }: BenchOptions): Promise<Row[]> {
  return inPlace(folder, 'p6', async (place) => {
    writeRandomFile(join(place, 'source.bin'), sizeMiB)
    const nginx = await startNginx(place)
    const service = await startBuilt({ data: join(place, 'service') })
    try {
      const link = `${nginx.url}/source.bin`
      const url = await streamUrl(service, await store(service, link))
      const size = sizeMiB * 2 ** 20
      return [
        await serveWhole(url, link, size, pairs),
        await serveRanges({
          ours: { url, pids: [service.child.pid ?? 0] },
          nginx: { url: link, pids: nginx.pids },
          path: join(place, 'source.bin'),
          sizeBytes: size,
          pairs,
        }),
      ]
    } finally {
      await service.stop()
      await nginx.stop()
    }
  })
}

async function serveWhole(url: string, link: string, sizeBytes: number, pairs: number): Promise<Row> {
  const test = `test "$(curl -s -o /dev/null -w '%{size_download}' "$1")" = ${sizeBytes}`
  const whole = (from: string) => timeCommand('sh', ['-c', test, 'sh', from])
  const result = await alternate(
    pairs,
    () => whole(url),
    () => whole(link),
  )
  const speed = (runs: readonly Run[]) => sizeBytes / 2 ** 30 / (medianMs(runs) / 1000)
  return {
    id: 'P6',
    what: `serve a whole file of ${sizeBytes / 2 ** 20} MiB`,
    ours: `${speed(result.ours).toFixed(2)} GiB/s`,
    peer: `nginx ${speed(result.peer).toFixed(2)} GiB/s`,
    ratio: speed(result.ours) / speed(result.peer),
    noise: result.noise,
    isMoreBetter: true,
    gate: 0.6,
    goal: 0.95,
  }
}

interface Server {
  url: string
  pids: number[]
}

interface Serving {
  ours: Server
  nginx: Server
  path: string
  sizeBytes: number
  pairs: number
}

async function serveRanges({ ours, nginx, path, sizeBytes, pairs }: Serving): Promise<Row> {
  const client = startLoadClient()
  const requests = Math.max(1000, Math.round(sizeBytes / 2 ** 20) * 8)
  const load = ({ url, pids }: Server) => {
    const { port, pathname, host } = new URL(url)
    const request = `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nRange: RANGE\r\n\r\n`
    const expected = { path, sizeBytes, rangeBytes }
    return runLoad(client, { port: Number(port), connections, requests, request, expected }, pids)
  }
  try {
    const slowest: number[] = []
    const own = async (): Promise<LoadRun> => {
      const run = await load(ours)
      slowest.push(run.p99Ms)
      return run
    }
    const result = await alternate(pairs, own, () => load(nginx))
    const rate = (runs: readonly Run[]) => requests / (medianMs(runs) / 1000)
    return {
      id: 'P6r',
      what: `serve random ranges of 64 KiB to ${connections} clients`,
      ours: `${rate(result.ours).toFixed(0)}/s, p99 ${median(slowest).toFixed(1)} ms (wanted 5), ${seconds(result.ours)}`,
      peer: `nginx ${rate(result.peer).toFixed(0)}/s, ${seconds(result.peer)}`,
      ratio: rate(result.ours) / rate(result.peer),
      noise: result.noise,
      isMoreBetter: true,
      gate: 0.4,
      goal: 0.65,
    }
  } finally {
    await client.stop()
  }
}

const seeks = 100
const downloads = 4

/**
 * P7: get the first byte of a random range, each on a connection of its own, during four downloads at 32 MiB/s each, which fill a
 * gigabit line; compared with the same on an idle service. The processor time is that of the service for each range, with the downloads.
 */
export function benchSeek({ folder, sizeMiB, pairs }: BenchOptions): Promise<Row> {
  return inPlace(folder, 'p7', async (place) => {
    const [fastPlace, slowPlace] = [join(place, 'fast'), join(place, 'slow')]
    for (const folder of [fastPlace, slowPlace]) mkdirSync(folder)
    writeRandomFile(join(fastPlace, 'source.bin'), Math.min(256, sizeMiB))
    writeRandomFile(join(slowPlace, 'long.bin'), 1024)
    const fast = await startNginx(fastPlace)
    // Without ranges no download uses more than one connection, and so none exceeds its rate.
    const slow = await startNginx(slowPlace, 'limit_rate 32m; max_ranges 0;')
    const service = await startBuilt({ data: join(place, 'service') })
    try {
      const url = await streamUrl(service, await store(service, `${fast.url}/source.bin`))
      const latencies: { idle: number[]; busy: number[] } = { idle: [], busy: [] }
      const seekAll = async (into: number[]): Promise<Run> => {
        const own: number[] = []
        const { cpuMs } = await timed(
          async () => {
            for (let count = 0; count < seeks; count += 1) own.push(await seek(url, Math.min(256, sizeMiB) * 2 ** 20))
          },
          () => cpuMsOf(service.child.pid ?? 0),
        )
        into.push(...own)
        return { wallMs: median(own), cpuMs: cpuMs === null ? null : cpuMs / seeks }
      }
      const idle = () => seekAll(latencies.idle)
      const busy = async () => {
        await startDownloads(service, `${slow.url}/long.bin`)
        const run = await seekAll(latencies.busy)
        for (const { id } of (await service.ask('transfers.list')).rows) await service.ask('transfers.cancel', { id })
        return run
      }
      const [during = [], before = [], after = []] = await takeTurns(pairs, [busy, idle, idle])
      const words = (runs: Run[], all: number[]) => `${milliseconds(runs)}, p99 ${percentile(all, 99).toFixed(1)} ms`
      return {
        id: 'P7',
        what: `first byte of a random range during ${downloads} downloads at 32 MiB/s each`,
        ours: `${words(during, latencies.busy)} (wanted 20)`,
        peer: `idle ${words([...before, ...after], latencies.idle)}`,
        ratio: medianMs(during) / medianMs([...before, ...after]),
        noise: medianMs(after) / medianMs(before),
        isMoreBetter: false,
        gate: 5,
        goal: 2,
      }
    } finally {
      await service.stop()
      await slow.stop()
      await fast.stop()
    }
  })
}

async function startDownloads(service: Service, link: string): Promise<void> {
  const links = Array.from({ length: downloads }, (_, index) => `${link}?${index}`)
  await service.ask('transfers.add', { links })
  await until(
    async () => (await service.ask('transfers.list')).rows,
    (rows) => rows.length === downloads && rows.every((row) => Number(row.percent_done) > 0),
  )
}

function seek(url: string, sizeBytes: number): Promise<number> {
  const start = Math.floor(Math.random() * (sizeBytes - rangeBytes))
  const headers = { range: `bytes=${start}-${start + rangeBytes - 1}` }
  return new Promise((resolve, reject) => {
    const startedAt = performance.now()
    const request = get(url, { headers, agent: false }, (response) => {
      response.once('data', () => {
        const latencyMs = performance.now() - startedAt
        if (response.statusCode === 206) resolve(latencyMs)
        else reject(new Error(`the service answered a seek with ${response.statusCode}`))
      })
      response.resume()
      response.once('close', () => request.destroy())
    })
    request.once('error', reject)
  })
}
