import type { IncomingMessage } from 'node:http'

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
  /** What is known to be on the disk itself. */
  syncedBytes: number
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

/** Why a 206 is not the rest that was asked for, or null when it is. `total` in the result is what it says the whole has. */
export function checkPartial(
  response: IncomingMessage,
  asked: { start: number; totalBytes: number | null; validators: Validators },
): { problem: string } | { problem: null; totalBytes: number | null } {
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/i.exec(response.headers['content-range'] ?? '')
  if (range === null) return { problem: 'it answered with a part it did not describe' }
  const [start, end] = [Number(range[1]), Number(range[2])]
  const total = range[3] === '*' ? null : Number(range[3])
  if (start !== asked.start) return { problem: 'it answered with another part than the one asked for' }
  if (total !== null && (end !== total - 1 || !Number.isSafeInteger(total))) {
    return { problem: 'it answered with less than the rest' }
  }
  if (total !== null && asked.totalBytes !== null && total !== asked.totalBytes) {
    return { problem: 'the file has another size now' }
  }
  const now = validatorsOf(response)
  const hasChanged =
    (now.etag !== null && now.etag !== asked.validators.etag) ||
    (now.lastModified !== null &&
      asked.validators.lastModified !== null &&
      now.lastModified !== asked.validators.lastModified)
  if (hasChanged) return { problem: 'the file has changed' }
  return { problem: null, totalBytes: total ?? asked.totalBytes }
}
