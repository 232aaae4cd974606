import type { IncomingMessage } from 'node:http'
import type { Range } from './ranges.ts'

/** What tells one version of a file from another. */
export interface Validators {
  etag: string | null
  lastModified: string | null
  /** The value for `If-Range`; null when the server gave nothing strong enough to go on with. */
  strong: string | null
}

/** All that is needed to go on with a part file after the program was gone. */
export interface ResumeRecord {
  validators: Validators
  /** The size that the server announced, or null. */
  totalBytes: number | null
  /** How many bytes from the beginning on are known to be on the disk itself. */
  syncedBytes: number
  /** What had been written. Not there: the part file is filled from its beginning to its end, and its length says it. */
  done?: Range[]
  /** What of that is known to be on the disk itself. Not there: `syncedBytes` says it all. */
  syncedRanges?: Range[]
  /** The boot in which the part file was written: within it every written byte can be trusted. */
  bootId: string
}

/** The validators of an answer. A date is strong only when it is a minute older than the answer. Source: RFC 9110 §8.8.2.2. */
export function validatorsOf(response: IncomingMessage): Validators {
  const { etag, date, 'last-modified': lastModified } = response.headers
  const isStrongTag = etag !== undefined && /^"[^"]*"$/.test(etag)
  const isOldDate =
    lastModified !== undefined && date !== undefined && Date.parse(date) - Date.parse(lastModified) >= 60_000
  return {
    etag: etag ?? null,
    lastModified: lastModified ?? null,
    strong: isStrongTag ? etag : etag === undefined && isOldDate ? lastModified : null,
  }
}

/** The size an answer announces, or null. Never to be trusted, only to be checked against. */
export function announcedBytes(response: IncomingMessage): number | null {
  const said = response.headers['content-length']
  if (said === undefined || !/^\d+$/.test(said)) return null
  const size = Number(said)
  return Number.isSafeInteger(size) ? size : null
}

/** The part of a file that was asked for, and what is known about the file. */
export interface AskedPart {
  start: number
  /** Exclusive; null for all that follows. */
  end: number | null
  totalBytes: number | null
  validators: Validators
}

/** What is wrong with an answer to a part; `hasChanged` when it is of another version of the file. */
export interface PartProblem {
  problem: string
  hasChanged: boolean
}

/** Why a 206 is not the part that was asked for, or the size that it says the whole has. Source: RFC 9110 §14.4, §15.3.7. */
export function checkPartial(
  response: IncomingMessage,
  asked: AskedPart,
): PartProblem | { problem: null; end: number; totalBytes: number | null } {
  const wrong = (problem: string, hasChanged = false): PartProblem => ({ problem, hasChanged })
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/i.exec(response.headers['content-range'] ?? '')
  if (range === null) return wrong('it answered with a part it did not describe')
  const [start, end] = [Number(range[1]), Number(range[2]) + 1]
  const total = range[3] === '*' ? null : Number(range[3])
  const totalBytes = total ?? asked.totalBytes
  if (start !== asked.start) return wrong('it answered with another part than the one asked for')
  if (total !== null && asked.totalBytes !== null && total !== asked.totalBytes) {
    return wrong('the file has another size now', true)
  }
  const wanted = asked.end ?? totalBytes
  if ((wanted !== null && end !== wanted) || !Number.isSafeInteger(end) || (totalBytes !== null && end > totalBytes)) {
    return wrong('it answered with less than the rest')
  }
  if (isOtherVersion(validatorsOf(response), asked.validators)) return wrong('the file has changed', true)
  return { problem: null, end, totalBytes }
}

/** True when what an answer says is not what was said before; what either of them leaves out says nothing, save a new tag. */
export function isOtherVersion(now: Validators, before: Validators): boolean {
  const hasOtherTag = now.etag !== null && now.etag !== before.etag && (before.etag !== null || before.strong !== null)
  const hasOtherDate =
    now.lastModified !== null && before.lastModified !== null && now.lastModified !== before.lastModified
  return hasOtherTag || hasOtherDate
}
