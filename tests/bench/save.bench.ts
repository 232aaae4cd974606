import { fork } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FromSaver, SaveRequest, ToSaver } from '../../electron/saver/messages.ts'
import { Course } from '../faults/course.ts'
import { fillLargeFolder } from '../faults/large-folder.ts'
import type { Service } from '../support/service.ts'
import { temporaryFolder } from '../support/temp-folder.ts'
import { checkFile, inPlace, writeRandomFile } from './content.ts'
import { alternate, type Comparison, medianMs, type Row, type Run, rowOfTimes, seconds, timed } from './measure.ts'
import { cpuMsOf, startNginx, timeCommand } from './programs.ts'
import type { BenchOptions } from './service.bench.ts'
import { startBuilt, streamUrl } from './stored.ts'

const entry = join(import.meta.dirname, '../../dist/saver/main.cjs')
const cappedBytesPerSecond = 10_000_000
const smallFiles = { count: 5000, bytes: 16 * 1024 }

/**
 * The process that saves on this computer. P1s: one file, compared with curl. P2s: the same compared with aria2 and four connections.
 * P2c: from a server that limits each connection to 10 MB/s, compared with the time that four of them need at least.
 */
export function benchSave({ folder, sizeMiB, pairs }: BenchOptions): Promise<Row[]> {
  return inPlace(folder, 'p1s', async (place) => {
    const sum = writeRandomFile(join(place, 'source.bin'), sizeMiB)
    const cappedMiB = Math.min(sizeMiB, 256)
    const cappedSum = writeRandomFile(join(place, 'capped.bin'), cappedMiB)
    const nginx = await startNginx(place, `location = /capped.bin { limit_rate ${cappedBytesPerSecond}; }`)
    const saver = startSaver(place)
    const file = { link: `${nginx.url}/source.bin`, sizeBytes: sizeMiB * 2 ** 20, sum }
    const capped = { link: `${nginx.url}/capped.bin`, sizeBytes: cappedMiB * 2 ** 20, sum: cappedSum }
    try {
      const ours = () => saver.run(file)
      const what = `save ${sizeMiB} MiB from nginx`
      const limitMs = (capped.sizeBytes / (4 * cappedBytesPerSecond)) * 1000
      const cappedRuns = await alternate(
        Math.min(3, pairs),
        () => saver.run(capped),
        () => aria2(place, capped),
      )
      return [
        rowOfTimes(
          { id: 'P1s', what, gate: 1.1, goal: 1 },
          'curl',
          await alternate(pairs, ours, () => curl(place, file)),
        ),
        rowOfTimes(
          { id: 'P2s', what, gate: 0.9, goal: 0.65 },
          'aria2 -x4',
          await alternate(pairs, ours, () => aria2(place, file)),
        ),
        {
          id: 'P2c',
          what: `save ${cappedMiB} MiB at 10 MB/s a connection`,
          ours: seconds(cappedRuns.ours),
          peer: `four connections at least ${limitMs / 1000} s, aria2 -x4 ${seconds(cappedRuns.peer)}`,
          ratio: medianMs(cappedRuns.ours) / limitMs,
          noise: cappedRuns.noise,
          isMoreBetter: false,
          gate: 1.02,
          goal: 1.02,
        },
      ]
    } finally {
      saver.stop()
      await nginx.stop()
    }
  })
}

interface Source {
  link: string
  sizeBytes: number
  sum: string
}

function startSaver(place: string): { run(source: Source): Promise<Run>; stop(): void } {
  const child = fork(entry, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: ['--no-warnings'] })
  const tell = (message: ToSaver) => void child.send(message)
  let lastId = 0
  return {
    stop: () => void child.kill(),
    run: async ({ link, sizeBytes, sum }) => {
      lastId += 1
      const target = join(place, `${lastId}.bin`)
      const request: SaveRequest = {
        id: `${lastId}`,
        link,
        tokenOrigins: [],
        root: place,
        partPath: `${target}.part`,
        targetPath: target,
        isReplacing: false,
        sizeBytes,
        resume: null,
        original: null,
        zip: null,
      }
      const ended = new Promise<void>((resolve, reject) => {
        const hear = (message: FromSaver) => {
          if (message.kind === 'placing') tell({ kind: 'place', id: message.id })
          if (message.id !== request.id || !['done', 'failed'].includes(message.kind)) return
          child.off('message', hear)
          if (message.kind === 'done') resolve()
          else reject(new Error(JSON.stringify(message)))
        }
        child.on('message', hear)
      })
      const run = await timed(
        async () => {
          tell({ kind: 'save', request })
          await ended
        },
        () => cpuMsOf(child.pid ?? 0),
      )
      await checkFile(target, sum, 'the saver')
      rmSync(target)
      return run
    },
  }
}

async function curl(place: string, { link, sum }: Source): Promise<Run> {
  const target = join(place, 'curl.bin')
  const run = await timeCommand('sh', ['-c', 'curl -s -o "$2" "$1" && sync "$2"', 'sh', link, target])
  await checkFile(target, sum, 'curl')
  rmSync(target)
  return run
}

async function aria2(place: string, { link, sum }: Source): Promise<Run> {
  const target = join(place, 'aria2.bin')
  const options = '--quiet -x4 -s4 -k1M --file-allocation=none --allow-overwrite=true'
  const command = `aria2c ${options} -d "$2" -o aria2.bin "$1" && sync "$2/aria2.bin"`
  const run = await timeCommand('sh', ['-c', command, 'sh', link, place])
  await checkFile(target, sum, 'aria2')
  rmSync(target)
  return run
}

/**
 * P3: save a folder of 5,000 small files from the local service, each one durable, compared with aria2 and a sync of its files. Both write
 * to a disk, where that matters. P3m: the same in memory.
 */
export async function benchSmallFiles({ folder, pairs }: BenchOptions): Promise<Row[]> {
  const data = join(folder, 'p3-service')
  mkdirSync(data)
  fillLargeFolder(data, smallFiles.count, smallFiles.bytes)
  const service = await startBuilt({ data })
  try {
    const disk = await benchSmallFilesIn(temporaryFolder('bench'), service, pairs)
    const memory = await benchSmallFilesIn(folder, service, pairs)
    const what = `save ${smallFiles.count} files of ${smallFiles.bytes / 1024} KiB`
    const peer = 'aria2 -j16 and sync'
    return [
      rowOfTimes({ id: 'P3', what: `${what} on a disk`, gate: 1, goal: 0.5 }, peer, disk),
      rowOfTimes({ id: 'P3m', what: `${what} in memory`, gate: null, goal: 1 }, peer, memory),
    ]
  } finally {
    await service.stop()
  }
}

function benchSmallFilesIn(folder: string, service: Service, pairs: number): Promise<Comparison> {
  return inPlace(folder, 'p3', async (place) => {
    const downloads = join(place, 'downloads')
    mkdirSync(downloads)
    const course = new Course({ dataFolder: join(place, 'backend'), downloadsFolder: downloads })
    try {
      await course.start({ address: service.url, apiKey: service.key, apiSecret: service.secret })
      const list = join(place, 'list')
      writeFileSync(list, await linksOf(service))
      const ours = async () => {
        const cpuMs = () => {
          const { backend, saver } = course.pids()
          return [backend, saver].reduce((sum: number, pid) => sum + (pid === null ? 0 : cpuMsOf(pid)), 0)
        }
        const run = await timed(() => {
          course.begin()
          return course.saved
        }, cpuMs)
        checkCount(join(downloads, 'Many'))
        course.clear()
        rmSync(join(downloads, 'Many'), { recursive: true })
        return run
      }
      const peer = async () => {
        const target = join(place, 'aria2')
        const fetch = 'aria2c --quiet -j16 --file-allocation=none -d "$1" -i "$2"'
        const sync = 'find "$1" -print0 | xargs -0 sync'
        const run = await timeCommand('sh', ['-c', `${fetch} && ${sync}`, 'sh', target, list])
        checkCount(target)
        rmSync(target, { recursive: true })
        return run
      }
      return await alternate(Math.min(3, pairs), ours, peer)
    } finally {
      await course.stop()
    }
  })
}

function checkCount(folder: string): void {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  if (found.length !== smallFiles.count) throw new Error(`${folder} has ${found.length} files`)
}

/** The input of aria2: a link and a name for each file of the service. */
async function linksOf(service: Service): Promise<string> {
  const lines: string[] = []
  const list = async (parentId: unknown) =>
    (await service.ask('files.list', { parent_id: parentId, limit: 10_000 })).rows
  const [many] = await list(0)
  for (const { id } of await list(many?.id))
    for (const item of await list(id)) lines.push(await streamUrl(service, item), ` out=${String(item.name)}`)
  return `${lines.join('\n')}\n`
}
