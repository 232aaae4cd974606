import type { IncomingMessage } from 'node:http'
import type { Range } from './ranges.ts'

/** What identifies a version of a file. */
export interface Validators {
  etag: string | null
  lastModified: string | null
  /** The value for `If-Range`; null when the server sent nothing strong enough to resume with. */
  strong: string | null
}

/** All that is needed to resume a part file after a restart of the program. */
export interface ResumeRecord {
  validators: Validators
  /** The size that the server announced, or null. */
  totalBytes: number | null
  /** True when checksums of what was written are stored next to the part file. Absent: written by a version that stored none. */
  isSummed?: boolean
  /** How many bytes from the beginning are known to be on the disk. */
  syncedBytes: number
  /** What had been written. Absent: the part file is filled sequentially. */
  done?: Range[]
  /** What of that is known to be on the disk. Absent: `syncedBytes` says it all. */
  syncedRanges?: Range[]
  /** The boot in which the part file was written: within it the system loses nothing that was written. */
  bootId: string
}

/** The validators of a response. A date is strong only when it is a minute older than the response. Source: RFC 9110 §8.8.2.2. */
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

/** The size that a response announces, or null. Never to be trusted, only to be checked against. */
export function announcedBytes(response: IncomingMessage): number | null {
  const header = response.headers['content-length']
  if (header === undefined || !/^\d+$/.test(header)) return null
  const size = Number(header)
  return Number.isSafeInteger(size) ? size : null
}

/** The requested part of a file, and what is known about the file. */
export interface AskedPart {
  start: number
  /** Exclusive; null for everything that follows. */
  end: number | null
  totalBytes: number | null
  validators: Validators
  /** True when a checksum of the complete file is known: then a part needs no proof of its own. */
  isChecked: boolean
}

/** What is wrong with a response to a part request; `hasChanged` when it belongs to another version of the file. */
export interface PartProblem {
  problem: string
  hasChanged: boolean
}

/** The range in `Content-Range`, with an exclusive end. Source: RFC 9110 §14.4. */
function rangeOf(response: IncomingMessage): { start: number; end: number; totalBytes: number | null } | null {
  const range = /^\s*bytes\s+(\d+)-(\d+)\/(\d+|\*)\s*$/i.exec(response.headers['content-range'] ?? '')
  if (range === null) return null
  const [start, end] = [Number(range[1]), Number(range[2]) + 1]
  const totalBytes = range[3] === '*' ? null : Number(range[3])
  return [start, end, totalBytes ?? 0].every(Number.isSafeInteger) ? { start, end, totalBytes } : null
}

/**
 * The file size when a response holds the complete file, or null when it is not given; `part` when its range is anything else.
 * The status alone does not tell: a 200 can be a mislabelled part.
 */
export function wholeBytes(response: IncomingMessage): number | null | 'part' {
  const announced = announcedBytes(response)
  if (response.statusCode === 200 && response.headers['content-range'] === undefined) return announced
  const range = rangeOf(response)
  const isWhole = range !== null && range.start === 0 && range.end === range.totalBytes
  return isWhole && (announced === null || announced === range.end) ? range.end : 'part'
}

/** Why a 206 is not the requested part, or the total size that it reports. Source: RFC 9110 §14.4, §15.3.7. */
export function checkPartial(
  response: IncomingMessage,
  asked: AskedPart,
): PartProblem | { problem: null; end: number; totalBytes: number } {
  const wrong = (problem: string, hasChanged = false): PartProblem => ({ problem, hasChanged })
  const range = rangeOf(response)
  const isMixed = /^\s*multipart\/byteranges\b/i.test(response.headers['content-type'] ?? '')
  if (range === null || isMixed) return wrong('it answered with a part it did not describe')
  const { start, end } = range
  const totalBytes = range.totalBytes ?? asked.totalBytes
  if (start !== asked.start) return wrong('it answered with another part than the one asked for')
  if (totalBytes === null) return wrong('it answered with a part, and did not say how long the file is')
  if (asked.totalBytes !== null && totalBytes !== asked.totalBytes) return wrong('the file has another size now', true)
  // More than requested does no harm: the rest is not read.
  if (end < (asked.end ?? totalBytes) || end > totalBytes) return wrong('it answered with less than the rest')
  const validators = validatorsOf(response)
  if (isOtherVersion(validators, asked.validators)) return wrong('the file has changed', true)
  if (!asked.isChecked && !isSameVersion(validators, asked.validators))
    return wrong('it did not say that it is still the same file')
  return { problem: null, end, totalBytes }
}

/**
 * True when a response carries the same strong validator as before, and nothing that contradicts it: then both describe the same
 * bytes. Source: RFC 9110 §15.3.7.3: silence proves nothing.
 */
export function isSameVersion(now: Validators, before: Validators): boolean {
  const { strong } = before
  const hasIt = strong !== null && (now.etag === strong || (now.etag === null && now.lastModified === strong))
  return hasIt && !isOtherVersion(now, before)
}

/** True when a response contradicts what was received before. What either of them omits says nothing, except for a new tag. */
export function isOtherVersion(now: Validators, before: Validators): boolean {
  const tagOf = (etag: string) => etag.replace(/^W\//, '')
  const hasOtherTag =
    now.etag !== null && (before.etag === null ? before.strong !== null : tagOf(now.etag) !== tagOf(before.etag))
  const hasOtherDate =
    now.lastModified !== null && before.lastModified !== null && now.lastModified !== before.lastModified
  return hasOtherTag || hasOtherDate
}
