/** A name as an archive writes it: text where its encoding is known, else bytes. */
export type RawName = string | Buffer

/**
 * The names of one archive as text. Those of unknown encoding are guessed together, as one writer wrote them all; where no guess is good,
 * bytes stay as they are in an address (`%BA`).
 */
export async function decodeNames(raws: readonly RawName[]): Promise<string[]> {
  const unknown = raws.filter((raw) => typeof raw !== 'string')
  const decoded = textsOf(unknown) ?? (await guessTexts(unknown))
  let next = 0
  return raws.map((raw) => escapeSurrogates(typeof raw === 'string' ? raw : (decoded[next++] ?? '')))
}

/** One name for a sentence about what is wrong, without a guess. */
export function shownName(raw: RawName): string {
  return typeof raw === 'string' ? escapeSurrogates(raw) : (utf8Of(raw) ?? escaped(raw))
}

export function utf8Of(bytes: Buffer): string | null {
  const text = bytes.toString('utf8')
  return Buffer.from(text).equals(bytes) ? text : null
}

/** All of them as UTF-8, or null when one is not. */
function textsOf(names: readonly Buffer[]): string[] | null {
  const texts = names.map(utf8Of)
  return texts.every((text) => text !== null) ? texts : null
}

/** What is poor as a guess for all may still be good for some. Few archives need it, and what it loads is large. */
async function guessTexts(names: readonly Buffer[]): Promise<string[]> {
  const bytes = await import('../../engine/text/text-bytes.ts')
  const dosName = (name: Buffer) => {
    const text = bytes.decodeAs(name, 'ibm437') ?? ''
    return dosLetters.test(text) ? text : null
  }
  return bytes.decodeNames(names) ?? names.map((name) => bytes.decodeName(name) ?? dosName(name) ?? escaped(name))
}

/**
 * A name with single letters of code page 437, zip's own and that of old DOS programs: too short for a guess, but a letter with an accent
 * alone among small letters is hardly anything else.
 */
const dosLetters = /^(?:[ -~]|(?<![^ -~])[ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜáíóúñÑß](?=[a-z .-]|$))+$/u

/** Bytes that are no text which is known: ASCII as it is, all else as in an address. */
function escaped(bytes: Buffer): string {
  return Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : percentOf(byte))).join('')
}

function percentOf(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}

/** Half of a pair cannot be written as UTF-8: it is kept as in an address. Source: the WTF-8 encoding, 4. */
function escapeSurrogates(text: string): string {
  if (text.isWellFormed()) return text
  return text.replace(/\p{Surrogate}/gu, (half) => {
    const unit = half.charCodeAt(0)
    return [0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)].map(percentOf).join('')
  })
}
