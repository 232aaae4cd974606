import { open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import type { Content } from './content.ts'
import type { DetailedItem } from './details.ts'
import type { Space } from './space.ts'

const readBytes = 512 * 1024
/** How many checksums are saved in one transaction. */
const batchSize = 200
/** How many small files are read in parallel. */
const maxParallel = 4

interface SumsOptions {
  content: Content
  space: Space
  report(error: unknown): void
}

/** The checksums that are being computed, by the names of contents, for each service. */
const running = new WeakMap<Content, Map<string, Promise<string | null>>>()

/**
 * Computes the CRC-32 of files and notes them. Resolves with those that are known in time, by the names of contents; the others
 * are computed afterwards. A file that is damaged has none.
 */
export async function sumsOf(
  options: SumsOptions,
  items: readonly DetailedItem[],
  maxWaitMs: number,
): Promise<Map<string, string>> {
  const known = new Map<string, string>()
  const work = computeAll(options, items, known)
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, maxWaitMs)
  })
  await Promise.race([work.catch(options.report), patience])
  clearTimeout(timer)
  return known
}

async function computeAll(
  { content, space }: SumsOptions,
  items: readonly DetailedItem[],
  known: Map<string, string>,
): Promise<void> {
  const started = running.get(content) ?? new Map<string, Promise<string | null>>()
  running.set(content, started)
  // The small ones first: most clients ask for many of them.
  const left = [...items].sort((a, b) => b.sizeBytes - a.sizeBytes)
  let noted: { content: string; crc32: string }[] = []
  const note = () => {
    if (noted.length > 0) space.details.setSums(noted)
    noted = []
  }
  const next = async (): Promise<void> => {
    for (let item = left.pop(); item !== undefined && space.details.isOpen(); item = left.pop()) {
      const name = item.content ?? ''
      const other = started.get(name)
      const computing = other ?? sumOf(content.path(name), item.sizeBytes, space.details.isOpen)
      if (other === undefined) started.set(name, computing)
      const sum = await computing
      started.delete(name)
      if (sum === null) continue
      known.set(name, sum)
      if (other !== undefined) continue
      noted.push({ content: name, crc32: sum })
      if (noted.length >= batchSize) note()
    }
  }
  await Promise.all(Array.from({ length: maxParallel }, next))
  note()
}

/** Null for a file that is not there or has another length, and when the service ends. */
async function sumOf(path: string, sizeBytes: number, isOpen: () => boolean): Promise<string | null> {
  try {
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
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null
    throw error
  }
}
