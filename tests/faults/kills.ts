import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Chance } from '../soak/random.ts'
import { startService, until } from '../support/service.ts'
import { memoryFolder, temporaryFolder } from '../support/temp-folder.ts'
import { startWeb } from '../support/web.ts'
import { Course } from './course.ts'
import { type Requested, startFront } from './front.ts'

const blockBytes = 4096

export interface Kills {
  chance: Chance
  /** How many saves of the file are finished. */
  saves: number
  /** How often each is interrupted. */
  killsPerSave: number
  sizeBytes: number
  bytesPerSecond: number
  /** Called after each save, with what was found so far. */
  onSave?(done: number, result: KillsResult): void
}

export interface KillsResult {
  /** What went wrong, one sentence each. */
  problems: string[]
  /** Bytes that were stored and requested again, for each kill. */
  again: number[]
  connections: number
  killed: { saver: number; backend: number }
}

/** Saves a file again and again, while the process that saves or the backend is killed at random moments (F1). */
export async function saveUnderKills(options: Kills): Promise<KillsResult> {
  const { chance, saves, killsPerSave, sizeBytes, bytesPerSecond, onSave } = options
  const content = chance.bytes(sizeBytes)
  const web = await startWeb()
  web.on(
    '/film.mkv',
    (_request, response) => void response.writeHead(200, { 'content-length': sizeBytes }).end(content),
  )
  const service = await startService({ data: memoryFolder('service') })
  await service.ask('transfers.add', { links: [web.url('/film.mkv')] })
  await until(
    async () => (await service.ask('files.list', {})).rows,
    (rows) => rows.length === 1,
  )
  await web.stop()
  const front = await startFront(service, content, bytesPerSecond)
  const downloadsFolder = memoryFolder('downloads')
  const account = { address: front.url, apiKey: service.key, apiSecret: service.secret }
  const course = new Course({ dataFolder: join(temporaryFolder('backend'), 'data'), downloadsFolder })
  const result: KillsResult = { problems: [], again: [], connections: 0, killed: { saver: 0, backend: 0 } }
  await course.start(account)
  for (let save = 0; save < saves; save++) {
    course.begin()
    for (let kill = 0; kill < killsPerSave; kill++) {
      const share = (kill + chance.next()) / killsPerSave
      await Promise.race([course.reached(share * sizeBytes), course.saved])
      await Promise.race([wait(chance.next() * 500), course.saved])
      if (course.isSaved) break
      const isSaver = chance.below(2) === 0
      result.killed[isSaver ? 'saver' : 'backend'] += 1
      const before = front.requests.length
      await course.kill(isSaver)
      const stored = storedBlocks(partIn(downloadsFolder), content)
      if (!isSaver) await course.start(null)
      await Promise.race([course.reached(1), course.saved])
      await Promise.race([wait(200), course.saved])
      result.again.push(overlap(front.requests.slice(before), stored, sizeBytes))
    }
    await course.saved
    const names = readdirSync(downloadsFolder)
    if (names.join() !== 'film.mkv') result.problems.push(`save ${save}: the folder has ${names.join(', ')}`)
    else if (!readFileSync(join(downloadsFolder, 'film.mkv')).equals(content))
      result.problems.push(`save ${save}: other bytes`)
    course.clear()
    rmSync(join(downloadsFolder, 'film.mkv'), { force: true })
    result.connections = front.maxAtOnce()
    onSave?.(save + 1, result)
  }
  await course.stop()
  await front.stop()
  await service.stop()
  return result
}

/** The part file in a folder, as far as it is. */
function partIn(folder: string): Buffer {
  const name = readdirSync(folder).find((one) => one.endsWith('.putdesk-part'))
  return name === undefined ? Buffer.alloc(0) : readFileSync(join(folder, name))
}

/** Which blocks of the content are in the part file. */
function storedBlocks(part: Buffer, content: Buffer): boolean[] {
  return Array.from({ length: Math.ceil(content.length / blockBytes) }, (_, index) => {
    const [start, end] = [index * blockBytes, Math.min((index + 1) * blockBytes, content.length)]
    return part.length >= end && part.compare(content, start, end, start, end) === 0
  })
}

/** How many stored bytes were requested again. */
function overlap(requests: readonly Requested[], stored: readonly boolean[], size: number): number {
  const again = new Set<number>()
  for (const { start, end } of requests) {
    const [from, to] = [Math.ceil(start / blockBytes), Math.floor(Math.min(end, size) / blockBytes)]
    for (let block = from; block < to; block++) if (stored[block] === true) again.add(block)
  }
  return again.size * blockBytes
}
