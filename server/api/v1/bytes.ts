import { isAscii, isUtf8 } from 'node:buffer'

export const code = {
  tab: 0x09,
  newline: 0x0a,
  return: 0x0d,
  space: 0x20,
  quote: 0x22,
  percent: 0x25,
  ampersand: 0x26,
  plus: 0x2b,
  comma: 0x2c,
  colon: 0x3a,
  openBracket: 0x5b,
  backslash: 0x5c,
  closeBracket: 0x5d,
  openBrace: 0x7b,
  closeBrace: 0x7d,
} as const

/** The byte of two hexadecimal digits, or -1. */
export function hexPair(bytes: Buffer, at: number): number {
  const high = hexDigit(bytes[at] ?? 0)
  const low = hexDigit(bytes[at + 1] ?? 0)
  return high === -1 || low === -1 ? -1 : high * 16 + low
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/** Decodes `%XX` into bytes and keeps a lone `%`, because not every client encodes correctly. */
export function percentDecode(bytes: Buffer, hasPlus: boolean): Buffer {
  if (!bytes.includes(code.percent) && !(hasPlus && bytes.includes(code.plus))) return bytes
  const decoded = Buffer.allocUnsafe(bytes.length)
  let length = 0
  for (let at = 0; at < bytes.length; at += 1) {
    let byte = bytes[at] ?? 0
    if (byte === code.plus && hasPlus) byte = code.space
    else if (byte === code.percent) {
      const value = hexPair(bytes, at + 1)
      if (value !== -1) {
        byte = value
        at += 2
      }
    }
    decoded[length] = byte
    length += 1
  }
  return decoded.subarray(0, length)
}

/** The text of form-encoded bytes; see `toText`. */
export function formText(bytes: Buffer, hasPlus: boolean, charset: string | null): string {
  if ((charset === null || charset === 'utf-8') && isAscii(bytes)) {
    const text = bytes.toString('latin1')
    try {
      return decodeURIComponent(hasPlus ? text.replaceAll('+', ' ') : text)
    } catch {
      // Not every client encodes correctly, or in UTF-8: falls back to decoding byte by byte.
    }
  }
  return toText(percentDecode(bytes, hasPlus), charset)
}

/**
 * The text of bytes: in the declared encoding if they are valid in it, else UTF-8 if they are valid UTF-8, else
 * Windows-1252, which old clients use and in which any bytes are valid.
 */
export function toText(bytes: Buffer, charset: string | null): string {
  const declared = charset === null || charset === 'utf-8' ? null : decodeStrictly(bytes, charset)
  if (declared !== null) return declared
  const text = isUtf8(bytes) ? bytes.toString('utf8') : new TextDecoder('windows-1252').decode(bytes)
  return text.startsWith('\ufeff') ? text.slice(1) : text
}

function decodeStrictly(bytes: Buffer, charset: string): string | null {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes)
  } catch (error) {
    // An unknown encoding, or bytes that are invalid in it.
    if (error instanceof RangeError || error instanceof TypeError) return null
    throw error
  }
}

/** The charset that a header declares for a body, in lower case; null when there is none. Source: RFC 9110 §8.3.2. */
export function declaredCharset(contentType: string | undefined): string | null {
  const charset = /;[ \t]{0,9}charset[ \t]{0,9}=[ \t]{0,9}"?([\w.:-]{1,40})/i.exec(
    (contentType ?? '').slice(0, 500),
  )?.[1]
  return charset?.toLowerCase() ?? null
}

const maxTranscodedBytes = 512 * 1024
/** Encodings in which the bytes of `"`, `{` or `\` can be parts of other characters. */
const notAsciiCompatible =
  /^(utf-?16|iso-2022|shift|sjis|ms_kanji|windows-31j|x-sjis|csshiftjis|gb|big5|x-gbk|cp949|hz)/

/** Converts a body so that each ASCII byte is an ASCII character, and gives the encoding of its other bytes. */
export function toAsciiCompatible(body: Buffer, charset: string | null): { body: Buffer; charset: string | null } {
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) return { body: body.subarray(3), charset: null }
  const declared = charset ?? byteOrderMark(body)
  if (declared === null || !notAsciiCompatible.test(declared) || body.length > maxTranscodedBytes)
    return { body, charset: declared }
  const isDecodable = declared.startsWith('utf') || declared.startsWith('iso-2022') || body.some((byte) => byte > 0x7f)
  const text = isDecodable ? decodeStrictly(body, declared) : null
  return text === null ? { body, charset: declared } : { body: Buffer.from(text), charset: null }
}

function byteOrderMark(body: Buffer): string | null {
  const mark = body.length < 2 ? 0 : body.readUInt16BE(0)
  return mark === 0xfffe ? 'utf-16le' : mark === 0xfeff ? 'utf-16be' : null
}
