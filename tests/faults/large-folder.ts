import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { openDatabase } from '../../server/core/data/database.ts'
import { openContent } from '../../server/core/space/content.ts'
import { createSpace } from '../../server/core/space/space.ts'
import type { Chance } from '../soak/random.ts'
import { startService } from '../support/service.ts'
import { memoryFolder, temporaryFolder } from '../support/temp-folder.ts'
import { Course } from './course.ts'

export interface LargeFolder {
  chance: Chance
  files: number
  fileBytes: number
  interruptions: number
  onInterruption?(done: number): void
}

export interface LargeFolderResult {
  /** What went wrong, one sentence each. */
  problems: string[]
  seconds: number
  /** The largest resident set of the backend and of the process that saves, in bytes. */
  maxResidentBytes: { backend: number; saver: number }
}

/**
 * Saves a folder with subfolders while the process that saves and the backend are killed in turn. The files are sparse in the local
 * service, and each one begins and ends with its own number.
 */
export async function saveLargeFolder(options: LargeFolder): Promise<LargeFolderResult> {
  const { chance, files, fileBytes, interruptions, onInterruption } = options
  const data = memoryFolder('large')
  const names = fillLargeFolder(data, files, fileBytes)
  const service = await startService({ data, diskQuota: 2 ** 42 })
  const downloadsFolder = temporaryFolder('downloads')
  const course = new Course({ dataFolder: join(temporaryFolder('backend'), 'data'), downloadsFolder })
  const result: LargeFolderResult = { problems: [], seconds: 0, maxResidentBytes: { backend: 0, saver: 0 } }
  const watching = new AbortController()
  const watched = watchMemory(course, result.maxResidentBytes, watching.signal)
  try {
    await course.start({ address: service.url, apiKey: service.key, apiSecret: service.secret })
    const startedAtMs = performance.now()
    course.begin()
    for (let turn = 0; turn < interruptions; turn++) {
      const share = (turn + chance.next()) / interruptions
      await Promise.race([course.reached(share * files * fileBytes), course.saved])
      if (course.isSaved) break
      const isSaver = turn % 2 === 0
      await course.kill(isSaver)
      if (!isSaver) await course.start(null)
      onInterruption?.(turn + 1)
    }
    await course.saved
    result.seconds = Math.round((performance.now() - startedAtMs) / 1000)
    result.problems.push(...findProblems(join(downloadsFolder, 'Many'), names, fileBytes))
  } finally {
    watching.abort()
    await watched
    await course.stop()
    await service.stop()
    for (const folder of [data, downloadsFolder]) rmSync(folder, { recursive: true, force: true })
  }
  return result
}

/**
 * Puts a folder `Many` with files into the data folder of a service that is yet to be started. Returns their paths in the folder, in
 * order.
 */
export function fillLargeFolder(data: string, count: number, bytes: number): string[] {
  const db = openDatabase(data)
  db.sql.exec("INSERT INTO users (id, name) VALUES (1, 'you')")
  const content = openContent(data, db)
  const files = Array.from({ length: count }, (_, index) => ({
    path: ['Many', `folder ${index % 20}`, `file ${index}.bin`],
    sizeBytes: bytes,
    content: `${(index % 256).toString(16).padStart(2, '0')}${index.toString(16).padStart(30, '0')}`,
  }))
  for (const [index, file] of files.entries()) {
    const path = content.path(file.content)
    mkdirSync(join(path, '..'), { recursive: true })
    const handle = openSync(path, 'w')
    writeSync(handle, numbered(index), 0, 8, 0)
    writeSync(handle, numbered(index), 0, 8, bytes - 8)
    closeSync(handle)
  }
  db.transact(() => createSpace(db, 1).addTree({ parentId: 0, files, folders: [] }))
  db.close()
  return files.map(({ path }) => path.slice(1).join('/'))
}

function numbered(index: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(index) + 1n)
  return bytes
}

function findProblems(folder: string, names: readonly string[], fileBytes: number): string[] {
  const expectedNames = new Set(names)
  const problems = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((name) => !expectedNames.has(name))
    .map((name) => `${name} should not be there`)
  const bytes = Buffer.alloc(fileBytes)
  const expected = Buffer.alloc(fileBytes)
  for (const [index, name] of names.entries()) {
    const path = join(folder, name)
    for (const at of [0, fileBytes - 8]) numbered(index).copy(expected, at)
    const isWhole = statSync(path, { throwIfNoEntry: false })?.size === fileBytes && read(path, bytes).equals(expected)
    if (!isWhole) problems.push(`${name} has other bytes`)
  }
  return problems
}

function read(path: string, into: Buffer): Buffer {
  const handle = openSync(path, 'r')
  const length = readSync(handle, into, 0, into.length, 0)
  closeSync(handle)
  return into.subarray(0, length)
}

/** Notes the largest resident sets until the signal aborts. */
async function watchMemory(
  course: Course,
  most: LargeFolderResult['maxResidentBytes'],
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const { backend, saver } = course.pids()
    most.backend = Math.max(most.backend, maxResidentBytes(backend))
    most.saver = Math.max(most.saver, maxResidentBytes(saver))
    await wait(250, undefined, { signal }).catch(() => undefined)
  }
}

/** The largest resident set of a process so far; 0 if it has ended, or on another system than Linux. */
function maxResidentBytes(pid: number | null): number {
  try {
    const [, kibibytes = '0'] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kibibytes) * 1024
  } catch {
    return 0
  }
}
