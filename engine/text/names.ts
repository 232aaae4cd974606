import { dispositionName } from './disposition.ts'
import { percentBytes } from './percent.ts'
import { decodeAs, decodeName, decodeNames } from './text-bytes.ts'
import { trimEnd } from './trim-end.ts'

const maxBytes = 255
const fewTwins = 16
/** The relevant part of a longer name: its beginning and its ending. Some steps are slow for many marks on one letter. */
const [maxHead, maxTail] = [2048, 64]
const reservedOnWindows = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?=\s*(\.|$))/i
// Separators and what Windows forbids; control characters; direction marks and zero-width characters.
const forbidden = new RegExp(
  [
    '[/\\\\<>:"|?*]',
    '[\\u0000-\\u001f\\u007f-\\u009f]',
    '[\\u061c\\u200b\\u200e\\u200f\\u2028\\u2029\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff]',
  ].join('|'),
  'g',
)

/** Most names match this and need no change. */
const plainName = /^[\w()[\]+,=!-][\w()[\]+,=! .-]{0,120}[\w()[\]+,=!-]$/

/**
 * Turns a name chosen by a stranger into one that is safe on every file system: one segment, never empty, `.` or `..`, without
 * separators, control characters or direction marks, not a name that Windows reserves, without a trailing dot or space, and at
 * most 255 bytes of UTF-8 with its ending kept. Safe names stay unchanged.
 */
export function safeName(remote: string): string {
  if (plainName.test(remote) && !reservedOnWindows.test(remote)) return remote
  let name = bounded(remote.trim()).toWellFormed().normalize('NFC').replace(forbidden, '_').trim()
  const plain = trimEnd(name, '. ')
  name = plain + '_'.repeat(Math.min(name.length - plain.length, 3))
  if (reservedOnWindows.test(name)) name = `_${name}`
  name = shorten(name)
  return name === '' ? 'unnamed' : name
}

function bounded(name: string): string {
  return name.length <= maxHead + maxTail ? name : name.slice(0, maxHead) + name.slice(-maxTail)
}

/** Cuts a name to 255 bytes of UTF-8 between characters, keeping an ending of up to 20 bytes. */
function shorten(name: string, limit: number = maxBytes): string {
  if (Buffer.byteLength(name) <= limit) return name
  const dot = name.lastIndexOf('.')
  const ending = dot > 0 && Buffer.byteLength(name.slice(dot)) <= 20 ? name.slice(dot) : ''
  const stem = ending === '' ? name : name.slice(0, dot)
  let room = limit - Buffer.byteLength(ending)
  let kept = ''
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(stem)) {
    room -= Buffer.byteLength(segment)
    if (room < 0) break
    kept += segment
  }
  const whole = kept === '' ? cutBytes(stem, limit - Buffer.byteLength(ending)) : kept
  return `${trimEnd(whole, '. ')}${ending}`
}

function cutBytes(text: string, limit: number): string {
  let kept = ''
  let room = limit
  for (const character of text) {
    room -= Buffer.byteLength(character)
    if (room < 0) break
    kept += character
  }
  return kept
}

/** Equal for names that some file system considers the same: ignores case and Unicode composition. */
export function twinKey(name: string): string {
  return name.normalize('NFC').toLowerCase().toUpperCase().toLowerCase()
}

/** The first free name of `name (2).ext`, `name (3).ext`… Where many are taken, not every number is tried, so gaps may stay. */
export function freeName(name: string, isTaken: (name: string) => boolean): string {
  if (!isTaken(name)) return name
  const dot = name.lastIndexOf('.')
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, '']
  const numbered = (n: number) => {
    const suffix = ` (${n})${ending}`
    return `${shorten(stem, maxBytes - Buffer.byteLength(suffix))}${suffix}`
  }
  let free = 2
  while (isTaken(numbered(free))) free = free < fewTwins ? free + 1 : free * 2
  // Binary search between the last number known to be taken and the first known to be free.
  let taken = free <= fewTwins ? free - 1 : free / 2
  while (free - taken > 1) {
    const middle = Math.floor((taken + free) / 2)
    if (isTaken(numbered(middle))) taken = middle
    else free = middle
  }
  return numbered(free)
}

/**
 * The safe name for a link: from `Content-Disposition`, else the last segment of the URL, else its host. An undeclared encoding
 * is guessed, which takes about a millisecond. Source: RFC 6266.
 */
export function nameForLink(url: string, contentDisposition?: string | null): string {
  const headerName = contentDisposition ? dispositionName(contentDisposition) : null
  if (headerName !== null && !/^[\s./\\]*$/.test(headerName)) return safeName(lastSegment(headerName))
  return nameByPath(url, (segments) => decodeNames(segments)?.at(-1) ?? decodeName(segments.at(-1) ?? Buffer.alloc(0)))
}

/**
 * The name from the link alone and without guessing, for many links at once or when only the ending matters: bytes that are not
 * UTF-8 stay percent-encoded.
 */
export function plainNameForLink(url: string): string {
  return nameByPath(url, () => null)
}

/** `guess` is called for the last segment, in bytes, when it is not UTF-8; without a guess it stays percent-encoded. */
function nameByPath(url: string, guess: (segments: Buffer[]) => string | null): string {
  const parsed = parseLink(url)
  const segments = (parsed?.pathname ?? '').split('/').filter((segment) => segment !== '')
  const last = segments.at(-1)
  if (last === undefined) return safeName(parsed?.hostname ?? url)
  if (/^[!-$&-~]+$/.test(last)) return safeName(last)
  const read = decodeAs(percentBytes(last), 'utf-8') ?? guess(segments.map(percentBytes))
  return safeName(read ?? last.replace(/%[0-7][0-9a-f]/gi, (one) => percentBytes(one).toString('latin1')))
}

/** The parsed link, or null. */
function parseLink(text: string): URL | null {
  try {
    return new URL(text)
  } catch {
    return null
  }
}

function lastSegment(path: string): string {
  return path.split(/[/\\]/).findLast((segment) => segment !== '') ?? path
}
