import { setTimeout as wait } from 'node:timers/promises'
import { figuresOf, listed } from '../support/services.ts'
import type { Course, Happened } from './course.ts'
import type { Source } from './sources.ts'

const roundLimitMs = 180_000
const sharingLimitMs = 15_000
/** What one connection may fetch again after an interruption, including what is in flight then. */
const againBytes = 1024 * 1024 + 256 * 1024
const maxConnections = 4
/** The headers of answers count as sent too. */
const headBytes = 64 * 1024

/** A transfer that has not ended. */
export interface Added {
  source: Source
  /** When it was first seen seeding. */
  sharedSinceMs: number | null
  /** What had happened when it was added. */
  before: Happened
}

/** The maximum that was fetched again per interruption of a large file, in bytes. */
export const again = { maxBytes: 0 }

/** Waits until every transfer has ended as it must, and cancels those that failed as expected. */
export async function settle(course: Course, open: Map<string, Added>, isRough: boolean): Promise<void> {
  const { chance, counts } = course
  const untilMs = performance.now() + roundLimitMs
  while (open.size > 0) {
    if (performance.now() > untilMs) {
      const rows = (await listed(course.service)).filter(({ id }) => open.has(String(id)))
      const words = rows.map(
        (row) => `${open.get(String(row.id))?.source.what}: ${row.status}, ${figuresOf(row).reason}`,
      )
      course.violated(`I5: not ended after ${roundLimitMs / 1000} s: ${words.join(', ')}`)
      for (const id of open.keys()) await course.insist('transfers.cancel', { id })
      return
    }
    if (isRough && chance.below(40) === 0) await course.interrupt()
    const rows = new Map((await listed(course.service)).map((row) => [String(row.id), row]))
    for (const [id, added] of open) {
      const row = rows.get(id)
      if (row === undefined) {
        open.delete(id)
        counts.finished += 1
        course.note(`finished ${id}`)
        if (added.source.hashes === null) course.violated(`I1: “${added.source.what}” has finished, and must not`)
        for (const hash of added.source.hashes ?? []) course.expect(hash, 1)
        checkSent(course, added)
      } else if (row.status === 'Error') await failed(course, id, open, row)
      else if (row.status === 'Seeding') await stopSharing(course, id, added)
    }
    await wait(100)
  }
}

/** Checks how much was sent, unless the disk was full, which leaves much in flight, or damage was fetched again. */
function checkSent(course: Course, { source, before }: Added): void {
  const now = course.happened
  if (source.resumable === undefined || now.crowded > before.crowded) return
  if (now.partsDamaged > before.partsDamaged || now.databasesDamaged > before.databasesDamaged) return
  const { sizeBytes, sentBytes } = source.resumable
  const interruptions = now.interruptions - before.interruptions
  // A connection whose range was split may still fetch what the other one was given.
  const most = sizeBytes + Math.max(1, interruptions) * maxConnections * againBytes + headBytes
  course.counts.resumed += interruptions > 0 ? 1 : 0
  again.maxBytes = Math.max(again.maxBytes, (sentBytes() - sizeBytes) / Math.max(1, interruptions))
  if (sentBytes() > most)
    course.violated(`I3: ${sentBytes()} bytes of ${sizeBytes} were sent, with ${interruptions} interruptions`)
}

/** Stops seeding after a while: the other peer may have got everything elsewhere, which leaves no one to share with. */
async function stopSharing(course: Course, id: string, added: Added): Promise<void> {
  added.sharedSinceMs ??= performance.now()
  if (performance.now() - added.sharedSinceMs < sharingLimitMs) return
  added.sharedSinceMs = performance.now()
  course.counts.unshared += 1
  // It may have just ended by itself.
  await course.insist('transfers.cancel', { id })
}

async function failed(
  course: Course,
  id: string,
  open: Map<string, Added>,
  row: Record<string, unknown>,
): Promise<void> {
  const source = open.get(id)?.source
  if (source === undefined) return
  const { reason, failure } = figuresOf(row)
  if (source.password !== undefined && failure === 'needs-password') {
    return course.retry(id, source.password)
  }
  open.delete(id)
  course.counts.failed += 1
  course.note(`failed ${id}: ${reason}`)
  if (source.hashes !== null) {
    course.violated(`I1: “${source.what}” has failed: ${String(reason)}`)
    console.log(course.service.log().slice(-3000))
  }
  if (typeof reason !== 'string' || reason === '') course.violated(`I5: “${source.what}” has failed without a reason`)
  course.must(await course.insist('transfers.cancel', { id }))
}
