import { escapeBytes, percentBytes } from './percent.ts'
import { decodeName } from './text-bytes.ts'

/** What stands further on in a header is not read. HTTP clients refuse headers far shorter than this. */
const maxHeaderLength = 256 * 1024

/**
 * The file name in a `Content-Disposition` header, as Node gives it (one character per byte), or null when there is none.
 * `filename*` takes precedence over `filename`. A plain one is read as browsers do: RFC 2047 words and percent-encoding are
 * decoded; raw bytes are UTF-8, else the most likely encoding, else Latin-1. Unreadable bytes stay percent-encoded. Source: RFC
 * 6266, RFC 8187.
 */
export function dispositionName(header: string): string | null {
  const parameters = readParameters(header)
  const extended = parameters.get('filename*')
  const plain = parameters.get('filename')
  const name = extended === undefined ? null : extendedName(extended)
  if (name !== null) return name
  const left = plain ?? (extended?.includes("'") === false ? extended : undefined)
  return left === undefined ? null : plainName(left)
}

/** The parameters by lower-case name; the first one wins when a name repeats. */
function readParameters(header: string): Map<string, string> {
  const parameters = new Map<string, string>()
  const pattern = /;\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)/g
  for (const [, key = '', raw = ''] of `;${header.slice(0, maxHeaderLength)}`.matchAll(pattern)) {
    const value = raw.trim().replace(/^(["'])(.*)\1$|^"/, '$2')
    const name = key.toLowerCase()
    if (!parameters.has(name)) parameters.set(name, raw.startsWith('"') ? value.replace(/\\(["\\])/g, '$1') : value)
  }
  return parameters
}

/** `charset'language'percent-encoded`; null when it cannot be read. */
function extendedName(value: string): string | null {
  const [, charset = '', encoded = ''] = /^([^']*)'[^']*'(.*)$/.exec(value) ?? []
  return encoded === '' ? null : decodeName(percentBytes(escapeBytes(encoded)), charset)
}

function plainName(value: string): string {
  const worded = value.startsWith('=?') ? readWords(value) : null
  if (worded !== null) return worded
  const isEscaped = /%[0-9a-f]{2}/i.test(value) && !/%(?![0-9a-f]{2})/i.test(value)
  const unescaped = isEscaped ? decodeName(percentBytes(escapeBytes(value))) : null
  return unescaped ?? decodeName(Buffer.from(value, 'latin1')) ?? asLatin1(value)
}

/** A single accented letter between others is Latin-1, as the oldest rule says; several in a row hardly are. */
function asLatin1(value: string): string {
  return /[^\0-\x7f]{2}|[\x80-\xbf×÷]/.test(value) ? escapeBytes(value) : value
}

/**
 * Decodes words such as `=?UTF-8?B?Wm/Dqw==?=`; null for anything else. A character may be split across two words. Source: RFC
 * 2047.
 */
function readWords(value: string): string | null {
  const pieces: Buffer[] = []
  let label: string | null = null
  let read = 0
  for (const [whole, charset = '', coding = '', text = ''] of value.matchAll(
    /=\?([^?*]+)(?:\*[^?]*)?\?([bq])\?([^?]*)\?=\s*/gi,
  )) {
    label ??= charset
    read += whole.length
    pieces.push(
      coding.toLowerCase() === 'b'
        ? Buffer.from(text, 'base64')
        : percentBytes(escapeBytes(text.replaceAll('%', '%25').replaceAll('_', ' ').replaceAll('=', '%'))),
    )
  }
  const bytes = Buffer.concat(pieces)
  return read !== value.length || bytes.length === 0 ? null : decodeName(bytes, label)
}
