import { open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import type { Content } from './content.ts'
import type { DetailedItem } from './details.ts'
import type { Space } from './space.ts'

const readBytes = 512 * 1024
/** How many checksums are saved in one transaction. */
const batchSize = 200
/** How many files are read in parallel. */
const maxParallel = 4

interface SumsOptions {
  content: Content
  space: Space
  report(error: unknown): void
}

interface Job {
  content: string
  sizeBytes: number
  done(sum: string | null): void
}

/** The work of one service: what is asked for last is read first. */
interface Work {
  jobs: Job[]
  /** By the names of contents. */
  pending: Map<string, Promise<string | null>>
  active: number
  noted: { content: string; crc32: string }[]
}

const works = new WeakMap<Content, Work>()

/**
 * Computes the CRC-32 of files and notes them. Resolves with those that are known in time, by the names of contents; the others
 * are computed afterwards. A file that is damaged has none.
 */
export async function sumsOf(
  options: SumsOptions,
  items: readonly DetailedItem[],
  maxWaitMs: number,
): Promise<Map<string, string>> {
  const work = works.get(options.content) ?? { jobs: [], pending: new Map(), active: 0, noted: [] }
  works.set(options.content, work)
  const known = new Map<string, string>()
  const waiting = items.map(async ({ content, sizeBytes }) => {
    if (content === null) return
    const sum = await enqueue(work, content, sizeBytes)
    if (sum !== null) known.set(content, sum)
  })
  while (work.active < maxParallel && work.jobs.length > 0) run(work, options).catch(options.report)
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, maxWaitMs)
  })
  await Promise.race([Promise.all(waiting), patience])
  clearTimeout(timer)
  return known
}

function enqueue({ jobs, pending }: Work, content: string, sizeBytes: number): Promise<string | null> {
  const other = pending.get(content)
  if (other !== undefined) return other
  const sum = new Promise<string | null>((done) => {
    jobs.push({ content, sizeBytes, done })
  })
  pending.set(content, sum)
  return sum
}

async function run(work: Work, { content, space }: SumsOptions): Promise<void> {
  const { isOpen } = space.details
  work.active += 1
  try {
    for (let job = work.jobs.pop(); job !== undefined; job = work.jobs.pop()) {
      const sum = isOpen() ? await sumOf(content.path(job.content), job.sizeBytes, isOpen).catch(() => null) : null
      work.pending.delete(job.content)
      job.done(sum)
      if (sum !== null) work.noted.push({ content: job.content, crc32: sum })
      if (work.noted.length >= batchSize || work.jobs.length === 0) space.details.setSums(work.noted.splice(0))
    }
  } finally {
    work.active -= 1
  }
}

/** Null for a file that has another length, and when the service ends. Rejects when it cannot be read. */
async function sumOf(path: string, sizeBytes: number, isOpen: () => boolean): Promise<string | null> {
  const file = await open(path, 'r')
  try {
    if ((await file.stat()).size !== sizeBytes) return null
    const buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.min(readBytes, sizeBytes)))
    let sum = 0
    for (let position = 0; position < sizeBytes; ) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, sizeBytes - position), position)
      if (bytesRead === 0 || !isOpen()) return null
      sum = crc32(buffer.subarray(0, bytesRead), sum)
      position += bytesRead
    }
    return sum.toString(16).padStart(8, '0')
  } finally {
    await file.close()
  }
}
