import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { checkFile, checkUrl, inPlace, writeRandomFile } from './content.ts'
import { type CountingServer, startCountingServer } from './counting-server.ts'
import { median, type Row } from './measure.ts'
import type { BenchOptions } from './service.bench.ts'
import { startBuilt, store, streamUrl, whenStored } from './stored.ts'

interface Resumed {
  wastedBytes: number
  firstByteMs: number
  connections: number
}

/**
 * P4: kill a fetch when half of the file was sent, and start its program again: how many bytes the server sends twice, compared
 * with aria2 and its defaults. The server limits its rate, so that there is little in the network's buffers at the kill. A mebibyte
 * for each connection is always acceptable, which matters when the file is short.
 */
export function benchResume({ folder, sizeMiB, pairs }: BenchOptions): Promise<Row> {
  return inPlace(folder, 'p4', async (place) => {
    const sum = writeRandomFile(join(place, 'source.bin'), sizeMiB)
    const server = await startCountingServer(join(place, 'source.bin'), sizeMiB * 2 ** 20)
    try {
      const ours: Resumed[] = []
      const aria2: Resumed[] = []
      for (let round = 0; round < Math.min(3, pairs); round += 1) {
        ours.push(await inPlace(place, 'ours', (into) => resumeOurs(server, into, sizeMiB, sum)))
        aria2.push(await inPlace(place, 'aria2', (into) => resumeAria2(server, into, sizeMiB, sum)))
      }
      const waste = wastedBy(aria2)
      const goal = (median(ours.map(({ connections }) => connections)) * 2 ** 20) / waste
      return {
        id: 'P4',
        what: `kill a fetch of ${sizeMiB} MiB half way and resume it`,
        ours: `${inWords(ours)} (wanted 150)`,
        peer: `aria2 ${inWords(aria2)}`,
        ratio: wastedBy(ours) / waste,
        noise: null,
        isMoreBetter: false,
        gate: Math.max(0.01, goal),
        goal,
      }
    } finally {
      await server.stop()
    }
  })
}

function wastedBy(runs: readonly Resumed[]): number {
  return median(runs.map(({ wastedBytes }) => wastedBytes))
}

function inWords(runs: readonly Resumed[]): string {
  const firstByteMs = median(runs.map((run) => run.firstByteMs)).toFixed(0)
  const connections = median(runs.map((run) => run.connections))
  const waste = (wastedBy(runs) / 2 ** 20).toFixed(2)
  return `${waste} MiB sent twice over ${connections} connections, first new byte after ${firstByteMs} ms`
}

async function resumeOurs(server: CountingServer, into: string, sizeMiB: number, sum: string): Promise<Resumed> {
  const first = await startBuilt({ data: into })
  const stored = store(first, server.url)
  stored.catch(() => null)
  const sentBytes = await killAtHalf(server, sizeMiB, first.kill9)
  const startedAt = performance.now()
  const second = await startBuilt({ data: into })
  try {
    const item = await whenStored(second)
    const resumed = resumedSince(server, startedAt, sentBytes, sizeMiB)
    await checkUrl(await streamUrl(second, item), sum)
    return resumed
  } finally {
    await second.stop()
  }
}

async function resumeAria2(server: CountingServer, into: string, sizeMiB: number, sum: string): Promise<Resumed> {
  const start = () => {
    const child = spawn('aria2c', ['--quiet', '--dir', into, server.url], { stdio: 'ignore' })
    return { child, ended: new Promise<number | null>((resolve) => child.once('exit', resolve)) }
  }
  const first = start()
  const sentBytes = await killAtHalf(server, sizeMiB, async () => {
    first.child.kill('SIGKILL')
    await first.ended
  })
  const startedAt = performance.now()
  const code = await start().ended
  if (code !== 0) throw new Error(`aria2 ended with ${code}`)
  const resumed = resumedSince(server, startedAt, sentBytes, sizeMiB)
  // With its defaults it starts over in another file beside the first one; source.1.bin sorts before source.bin.
  const [newest = ''] = readdirSync(into).sort()
  await checkFile(join(into, newest), sum, 'aria2')
  return resumed
}

/** Kills the program that is fetching when half of the file was sent, and returns how much was sent. */
async function killAtHalf(server: CountingServer, sizeMiB: number, kill: () => Promise<void>): Promise<number> {
  server.forget()
  await server.sent((sizeMiB * 2 ** 20) / 2)
  await kill()
  const sentBytes = server.sentBytes()
  server.forget()
  return sentBytes
}

function resumedSince(server: CountingServer, startedAt: number, sentBytes: number, sizeMiB: number): Resumed {
  return {
    wastedBytes: sentBytes + server.sentBytes() - sizeMiB * 2 ** 20,
    firstByteMs: (server.firstSentAt() ?? 0) - startedAt,
    connections: server.requests(),
  }
}
