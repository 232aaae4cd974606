/** A name as stored in an archive: text where its encoding is known, else bytes. */
export type RawName = string | Buffer

/**
 * Decodes the names of one archive. Those of unknown encoding are guessed together, because one program wrote them all; where no
 * guess is good enough, bytes stay percent-encoded (`%BA`).
 */
export async function decodeNames(raws: readonly RawName[]): Promise<string[]> {
  const unknown = raws.filter((raw) => typeof raw !== 'string')
  const decoded = textsOf(unknown) ?? (await guessTexts(unknown))
  let next = 0
  return raws.map((raw) => escapeSurrogates(typeof raw === 'string' ? raw : (decoded[next++] ?? '')))
}

/** One name for an error message, without guessing. */
export function shownName(raw: RawName): string {
  return typeof raw === 'string' ? escapeSurrogates(raw) : (utf8Of(raw) ?? escaped(raw))
}

export function utf8Of(bytes: Buffer): string | null {
  const text = bytes.toString('utf8')
  return Buffer.from(text).equals(bytes) ? text : null
}

/** All names as UTF-8, or null when one of them is not. */
function textsOf(names: readonly Buffer[]): string[] | null {
  const texts = names.map(utf8Of)
  return texts.every((text) => text !== null) ? texts : null
}

/** A guess that is poor for all may still be good for some. Few archives need it, and it loads a large module. */
async function guessTexts(names: readonly Buffer[]): Promise<string[]> {
  const bytes = await import('../../engine/text/text-bytes.ts')
  const dosName = (name: Buffer) => {
    const text = bytes.decodeAs(name, 'ibm437') ?? ''
    return dosLetters.test(text) ? text : null
  }
  return bytes.decodeNames(names) ?? names.map((name) => bytes.decodeName(name) ?? dosName(name) ?? escaped(name))
}

/**
 * A name with single letters of code page 437, the encoding of zip and of old DOS programs: too short for a guess, but a single
 * accented letter among lower-case letters is hardly anything else.
 */
const dosLetters = /^(?:[ -~]|(?<![^ -~])[ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜáíóúñÑß](?=[a-z .-]|$))+$/u

/** Bytes of unknown encoding: ASCII unchanged, everything else percent-encoded. */
function escaped(bytes: Buffer): string {
  return Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : percentOf(byte))).join('')
}

function percentOf(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}

/** A lone surrogate cannot be written as UTF-8, so it is percent-encoded. Source: the WTF-8 encoding, 4. */
function escapeSurrogates(text: string): string {
  if (text.isWellFormed()) return text
  return text.replace(/\p{Surrogate}/gu, (half) => {
    const unit = half.charCodeAt(0)
    return [0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)].map(percentOf).join('')
  })
}
