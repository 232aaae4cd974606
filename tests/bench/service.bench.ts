import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type Service, startService } from '../support/service.ts'
import { alternate, median, type Row, type Run, seconds, wall } from './measure.ts'
import { cpuMsOf, startNginx, timeCommand } from './programs.ts'

const entry = join(import.meta.dirname, '../../dist/server/main.mjs')

/** Where the bytes lie: memory, so that the disk's moods are not measured. */
export interface BenchOptions {
  folder: string
  sizeMiB: number
  pairs: number
}

/** P1: a link fetched by the service, from its adding to its end, beside curl from the same nginx into the same memory. */
export async function benchFetch({ folder, sizeMiB, pairs }: BenchOptions): Promise<Row> {
  const place = join(folder, 'p1')
  mkdirSync(place, { recursive: true })
  const sum = writeRandomFile(join(place, 'source.bin'), sizeMiB)
  const nginx = await startNginx(place)
  const service = await startService({ entry, data: join(place, 'service'), diskQuota: sizeMiB * 2 ** 20 * 4 })
  const link = `${nginx.url}/source.bin`
  try {
    const result = await alternate(
      pairs,
      () => fetchOnce(service, link, sum, join(place, 'service')),
      () => curlOnce(link, join(place, 'curl.bin'), sum),
    )
    return {
      id: 'P1',
      what: `the service fetches ${sizeMiB} MiB`,
      ours: seconds(result.ours),
      peer: `curl ${seconds(result.peer)}`,
      ratio: median(result.ours.map(wall)) / median(result.peer.map(wall)),
      noise: result.noise,
      isMoreBetter: false,
      gate: 1.5,
      goal: 1,
    }
  } finally {
    await service.stop()
    await nginx.stop()
    rmSync(place, { recursive: true })
  }
}

async function fetchOnce(service: Service, link: string, sum: string, data: string): Promise<Run> {
  const cpuBefore = cpuMsOf(service.child.pid ?? 0)
  const startedAt = performance.now()
  await service.ask('transfers.add', { links: [link] })
  for (;;) {
    const { rows } = await service.ask('transfers.list')
    if (rows.length === 0) break
    if (rows[0]?.status === 'Error') throw new Error('the transfer failed')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const run = { wallMs: performance.now() - startedAt, cpuMs: cpuMsOf(service.child.pid ?? 0) - cpuBefore }
  const [item] = (await service.ask('files.list')).rows
  const stored = await fetch(await streamUrl(service, item))
  const hash = createHash('sha256')
  for await (const chunk of stored.body ?? []) hash.update(chunk)
  if (hash.digest('hex') !== sum) throw new Error(`the service stored other bytes than it was sent (${data})`)
  await service.ask('files.delete', { id: item?.id })
  return run
}

async function streamUrl(service: Service, item: Record<string, unknown> | undefined): Promise<string> {
  const token = await service.ask('user.acctoken')
  return `${String(item?.stream_url).replace(/\/+$/, '')}/atk/${tokenOf(token.results)}`
}

function tokenOf(results: unknown): string {
  return typeof results === 'object' && results !== null && 'token' in results ? String(results.token) : ''
}

async function curlOnce(link: string, target: string, sum: string): Promise<Run> {
  const run = await timeCommand('sh', ['-c', 'curl -s -o "$2" "$1" && sync "$2"', 'sh', link, target])
  const hash = createHash('sha256')
  await pipeline(createReadStream(target), hash)
  if (hash.digest('hex') !== sum) throw new Error('curl wrote other bytes than it was sent')
  rmSync(target)
  return run
}

/** P6: a stored file served whole to one client, beside nginx with sendfile; curl is the client of both. */
export async function benchServe({ folder, sizeMiB, pairs }: BenchOptions): Promise<Row> {
  const place = join(folder, 'p6')
  mkdirSync(place, { recursive: true })
  writeRandomFile(join(place, 'source.bin'), sizeMiB)
  const nginx = await startNginx(place)
  const service = await startService({ entry, data: join(place, 'service'), diskQuota: sizeMiB * 2 ** 20 * 4 })
  try {
    await service.ask('transfers.add', { links: [`${nginx.url}/source.bin`] })
    while ((await service.ask('transfers.list')).rows.length > 0)
      await new Promise((resolve) => setTimeout(resolve, 20))
    const [item] = (await service.ask('files.list')).rows
    const url = await streamUrl(service, item)
    const size = sizeMiB * 2 ** 20
    const whole = (from: string) =>
      timeCommand('sh', ['-c', `test "$(curl -s -o /dev/null -w '%{size_download}' "$1")" = ${size}`, 'sh', from])
    const result = await alternate(
      pairs,
      () => whole(url),
      () => whole(`${nginx.url}/source.bin`),
    )
    const speed = (runs: readonly Run[]) => size / 2 ** 30 / (median(runs.map(wall)) / 1000)
    return {
      id: 'P6',
      what: `the service serves ${sizeMiB} MiB whole`,
      ours: `${speed(result.ours).toFixed(2)} GiB/s`,
      peer: `nginx ${speed(result.peer).toFixed(2)} GiB/s`,
      ratio: speed(result.ours) / speed(result.peer),
      noise: result.noise,
      isMoreBetter: true,
      gate: 0.6,
      goal: 0.95,
    }
  } finally {
    await service.stop()
    await nginx.stop()
    rmSync(place, { recursive: true })
  }
}

/** P20: from the start of the service's process until it listens, beside a Node that does nothing. */
export async function benchServiceStart({ folder, pairs }: BenchOptions): Promise<Row> {
  const place = join(folder, 'p20')
  const start = async (): Promise<Run> => {
    const startedAt = performance.now()
    const service = await startService({ entry, data: place })
    const run = { wallMs: performance.now() - startedAt, cpuMs: null }
    await service.stop()
    return run
  }
  const result = await alternate(pairs * 3, start, async () => ({ ...(await timeNode()), cpuMs: null }))
  rmSync(place, { recursive: true, force: true })
  return {
    id: 'P20',
    what: 'the service starts, until it listens',
    ours: seconds(result.ours),
    peer: `node -e 0 ${seconds(result.peer)}`,
    ratio: median(result.ours.map(wall)) / median(result.peer.map(wall)),
    noise: result.noise,
    isMoreBetter: false,
    gate: 2.5,
    goal: 1.8,
  }
}

async function timeNode(): Promise<Run> {
  const { spawn } = await import('node:child_process')
  const startedAt = performance.now()
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' })
  await new Promise((resolve) => child.once('exit', resolve))
  return { wallMs: performance.now() - startedAt, cpuMs: null }
}

/** Writes incompressible bytes and answers with their sha256. */
function writeRandomFile(path: string, sizeMiB: number): string {
  const block = randomBytes(2 ** 20)
  const hash = createHash('sha256')
  writeFileSync(path, '')
  for (let index = 0; index < sizeMiB; index += 1) {
    block.writeUInt32LE(index, 0)
    hash.update(block)
    writeFileSync(path, block, { flag: 'a' })
  }
  return hash.digest('hex')
}
