import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { FromSaver, SaveRequest } from '../../electron/saver/messages.ts'
import type { Chance } from '../soak/random.ts'
import { giveFile, startBadServer } from '../support/bad-server.ts'
import { memoryFolder } from '../support/temp-folder.ts'

/** Every call that can find the disk full, in the order of `man 2`. */
const calls =
  'copy_file_range,fallocate,fdatasync,fsync,ftruncate,link,linkat,openat,pwrite64,pwritev,rename,renameat2,write'
const atOnce = 4

export interface FullDisk {
  chance: Chance
  sizeBytes: number
  bytesPerSecond: number
  /** How many calls of one thread in a row find the disk full. */
  bursts: readonly number[]
  /** Which calls of so many: numbers from 1. */
  choose(calls: number): number[]
  onRun?(done: number, of: number): void
}

export interface FullDiskResult {
  /** What went wrong, one sentence each. */
  problems: string[]
  /** The calls that a save makes to its files. */
  calls: number
  runs: number
  /** How many of the runs told the person that the disk was full. */
  told: number
}

/**
 * Saves a file again and again; each time the disk is full at another system call, and has space again after it (F4). Two threads
 * call: the main one, and one of the pool, so that a number means nearly the same call in each run.
 */
export async function saveOnFullDisk(options: FullDisk): Promise<FullDiskResult> {
  const { sizeBytes, bytesPerSecond, bursts, choose, onRun } = options
  const bytes = options.chance.bytes(sizeBytes)
  const server = await startBadServer((request, wire) =>
    giveFile(request, wire, { bytes, etag: '"v1"', bytesPerSecond }),
  )
  const folder = memoryFolder('full')
  const result: FullDiskResult = { problems: [], calls: 0, runs: 0, told: 0 }
  try {
    const first = await save(server.url('/film.mkv'), join(folder, 'first'), sizeBytes, [`trace=${calls}`])
    if (!isRight(first, bytes)) result.problems.push('without any error, the file is wrong')
    result.calls = first.calls
    const cases = bursts.flatMap((burst) => choose(first.calls).map((when) => ({ when, burst })))
    const count = cases.length
    await Promise.all(
      Array.from({ length: atOnce }, async (_, lane) => {
        for (let next = cases.pop(); next !== undefined; next = cases.pop()) {
          const { when, burst } = next
          const rule = `inject=${calls}:error=ENOSPC:when=${when}${burst === 1 ? '' : `..${when + burst - 1}`}`
          const outcome = await save(server.url('/film.mkv'), join(folder, `${lane}`), sizeBytes, [rule])
          result.runs += 1
          if (outcome.sentences.some((sentence) => sentence.startsWith('This computer’s disk is full')))
            result.told += 1
          if (!isRight(outcome, bytes))
            result.problems.push(
              `full at call ${when} (${burst} in a row): ${outcome.names.join(', ')}; ${outcome.sentences.join(' ')}`,
            )
          onRun?.(result.runs, count)
        }
      }),
    )
  } finally {
    await server.stop()
  }
  return result
}

interface Outcome {
  /** The file in the end; null when there is none. */
  file: Buffer | null
  /** What is in the folder in the end. */
  names: string[]
  sentences: string[]
  calls: number
}

const isRight = ({ file, names }: Outcome, bytes: Buffer) => file?.equals(bytes) === true && names.length === 1

async function save(link: string, folder: string, sizeBytes: number, rules: readonly string[]): Promise<Outcome> {
  const downloads = join(folder, 'Downloads')
  const trace = join(folder, 'trace')
  mkdirSync(downloads, { recursive: true })
  const [partPath, targetPath] = [join(downloads, '.film.mkv.putdesk-part'), join(downloads, 'film.mkv')]
  const request: Omit<SaveRequest, 'resume'> = {
    id: 'only',
    link,
    tokenOrigins: [],
    root: downloads,
    partPath,
    targetPath,
    isReplacing: false,
    original: null,
    zip: null,
    sizeBytes,
  }
  const watched = [partPath, `${partPath}.sums`, targetPath].flatMap((path) => ['-P', path])
  const child = spawn(
    'strace',
    ['-f', '-qq', '-o', trace, ...watched, ...rules.flatMap((rule) => ['-e', rule])].concat([
      process.execPath,
      '--no-warnings',
      join(import.meta.dirname, 'saver-child.ts'),
      JSON.stringify(request),
    ]),
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, UV_THREADPOOL_SIZE: '1' } },
  )
  const messages = await messagesOf(child)
  const names = readdirSync(downloads)
  const outcome = {
    file: names.includes('film.mkv') ? readFileSync(targetPath) : null,
    names,
    sentences: messages.flatMap((message) =>
      'sentence' in message && message.sentence !== null ? [message.sentence] : [],
    ),
    calls: readFileSync(trace, 'utf8').split('\n').filter(Boolean).length,
  }
  rmSync(folder, { recursive: true })
  return outcome
}

async function messagesOf(child: ChildProcess): Promise<FromSaver[]> {
  const chunks: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
  await new Promise((resolve) => child.once('close', resolve))
  return Buffer.concat(chunks)
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((line): FromSaver => JSON.parse(line))
}
