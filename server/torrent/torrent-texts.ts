import { isUtf8 } from 'node:buffer'
import { decodeName, decodeNames } from '../../engine/text/text-bytes.ts'

/** Guessing is slow: if the texts together give no result, at most this many are tried one by one. */
const maxGuesses = 20

/** The texts of one torrent, which one program wrote in one encoding. Given as bytes, one character per byte. */
export class Texts {
  readonly #known = new Map<string, string>()

  constructor(texts: readonly string[], encoding: string | null) {
    const odd = [...new Set(texts)].filter((text) => /[^\0-\x7f]/.test(text))
    const bytes = odd.map((text) => Buffer.from(text, 'latin1'))
    const together = bytes.length === 0 ? [] : decodeNames(bytes, encoding)
    for (const [index, text] of odd.entries()) {
      const alone = () =>
        odd.length <= maxGuesses ? decodeName(bytes[index] ?? Buffer.alloc(0), encoding) : utf8Of(text)
      const decoded = together === null ? alone() : together[index]
      this.#known.set(text, decoded ?? percentOf(text))
    }
  }

  /** The decoded text; percent-encoded where its encoding is unknown. */
  read = (text: string): string => this.#known.get(text) ?? text
}

/** Decodes valid UTF-8; null for anything else. */
export function utf8Of(text: string | null): string | null {
  const bytes = Buffer.from(text ?? '', 'latin1')
  return bytes.length > 0 && isUtf8(bytes) ? bytes.toString('utf8') : null
}

/** Percent-encodes bytes as in a URL. */
export function percentOf(bytes: string): string {
  return bytes.replace(
    /[^\w\-.!~*'()]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}
