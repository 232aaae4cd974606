import { dispositionName } from './disposition.ts'
import { percentBytes } from './percent.ts'
import { decodeAs, decodeName, decodeNames } from './text-bytes.ts'
import { trimEnd } from './trim-end.ts'

const maxBytes = 255
const fewTwins = 16
/** What of a longer name can matter: its beginning, and its ending. Some steps take long for many marks on one letter. */
const [maxHead, maxTail] = [2048, 64]
const reservedOnWindows = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?=\s*(\.|$))/i
// Separators and what Windows forbids; controls; everything that changes the direction of text or has no width.
const forbidden = new RegExp(
  [
    '[/\\\\<>:"|?*]',
    '[\\u0000-\\u001f\\u007f-\\u009f]',
    '[\\u061c\\u200b\\u200e\\u200f\\u2028\\u2029\\u202a-\\u202e\\u2060\\u2066-\\u2069\\ufeff]',
  ].join('|'),
  'g',
)

/** Most names: nothing in them has to be changed. */
const plainName = /^[\w()[\]+,=!-][\w()[\]+,=! .-]{0,120}[\w()[\]+,=!-]$/

/**
 * Turns a name that a stranger chose into one that is safe on every file system: one segment, never empty, `.` or `..`, no
 * separators, controls or direction marks, no name that Windows reserves, no trailing dot or space, at most 255 bytes of UTF-8
 * with the ending kept. Safe names are left as they are.
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

/** The same for names that some file system takes for one another: neither case nor the form of accents is told apart. */
export function twinKey(name: string): string {
  return name.normalize('NFC').toLowerCase().toUpperCase().toLowerCase()
}

/**
 * A name that is not taken: `name (2).ext`, `name (3).ext`… Where many are taken, not each is tried: numbers that others have left free
 * between may stay so.
 */
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
  // The last one that is known to be taken, and the first that is known to be free, come closer until they meet.
  let taken = free <= fewTwins ? free - 1 : free / 2
  while (free - taken > 1) {
    const middle = Math.floor((taken + free) / 2)
    if (isTaken(numbered(middle))) taken = middle
    else free = middle
  }
  return numbered(free)
}

/**
 * The safe name of what a link gives: what `Content-Disposition` says, else the last segment of the URL, else its host. An encoding
 * that nobody declared is guessed, which takes about a millisecond. Source: RFC 6266.
 */
export function nameForLink(url: string, contentDisposition?: string | null): string {
  const headerName = contentDisposition ? dispositionName(contentDisposition) : null
  if (headerName !== null && !/^[\s./\\]*$/.test(headerName)) return safeName(lastSegment(headerName))
  return nameByPath(url, (segments) => decodeNames(segments)?.at(-1) ?? decodeName(segments.at(-1) ?? Buffer.alloc(0)))
}

/** The same by the link alone and without a guess, for many links at once or only for the ending: what is no UTF-8 stays percent-encoded. */
export function plainNameForLink(url: string): string {
  return nameByPath(url, () => null)
}

/** `guess` is asked for the last of the segments, in bytes, where that is no UTF-8; what it does not know stays percent-encoded. */
function nameByPath(url: string, guess: (segments: Buffer[]) => string | null): string {
  const parsed = parseLink(url)
  const segments = (parsed?.pathname ?? '').split('/').filter((segment) => segment !== '')
  const last = segments.at(-1)
  if (last === undefined) return safeName(parsed?.hostname ?? url)
  if (/^[!-$&-~]+$/.test(last)) return safeName(last)
  const read = decodeAs(percentBytes(last), 'utf-8') ?? guess(segments.map(percentBytes))
  return safeName(read ?? last.replace(/%[0-7][0-9a-f]/gi, (one) => percentBytes(one).toString('latin1')))
}

/** A link in its parts, or null when it is none. */
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
