/** A name as stored in an archive: text if its encoding is known, otherwise bytes. */
export type RawName = string | Buffer

/**
 * Decodes the names of one archive. The encoding is guessed for all names together, because one program wrote them all; if no guess
 * is good enough, bytes are percent-encoded (`%BA`).
 */
export async function decodeNames(raws: readonly RawName[]): Promise<string[]> {
  const unknown = raws.filter((raw) => typeof raw !== 'string')
  const decoded = textsOf(unknown) ?? (await guessTexts(unknown))
  let next = 0
  return raws.map((raw) => escapeSurrogates(typeof raw === 'string' ? raw : (decoded[next++] ?? '')))
}

/** Decodes one name for an error message, without guessing. */
export function shownName(raw: RawName): string {
  return typeof raw === 'string' ? escapeSurrogates(raw) : (utf8Of(raw) ?? escaped(raw))
}

export function utf8Of(bytes: Buffer): string | null {
  const text = bytes.toString('utf8')
  return Buffer.from(text).equals(bytes) ? text : null
}

/** All names decoded as UTF-8, or null if one of them is not valid. */
function textsOf(names: readonly Buffer[]): string[] | null {
  const texts = names.map(utf8Of)
  return texts.every((text) => text !== null) ? texts : null
}

/** Guesses the encoding of all names, or else of each by itself. Few archives need this, and it loads a large module. */
async function guessTexts(names: readonly Buffer[]): Promise<string[]> {
  const bytes = await import('../../engine/text/text-bytes.ts')
  const dosName = (name: Buffer) => {
    const text = bytes.decodeAs(name, 'ibm437') ?? ''
    return dosLetters.test(text) ? text : null
  }
  return bytes.decodeNames(names) ?? names.map((name) => bytes.decodeName(name) ?? dosName(name) ?? escaped(name))
}

/**
 * Matches names in code page 437, the encoding of zip and of old DOS programs, with single accented letters among lower-case
 * letters: too little for a guess, but unlikely to be anything else.
 */
const dosLetters = /^(?:[ -~]|(?<![^ -~])[ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜáíóúñÑß](?=[a-z .-]|$))+$/u

/** Percent-encodes bytes of unknown encoding; ASCII stays unchanged. */
function escaped(bytes: Buffer): string {
  return Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : percentOf(byte))).join('')
}

function percentOf(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}

/** Percent-encodes lone surrogates, which UTF-8 cannot represent. Source: the WTF-8 encoding, 4. */
function escapeSurrogates(text: string): string {
  if (text.isWellFormed()) return text
  return text.replace(/\p{Surrogate}/gu, (half) => {
    const unit = half.charCodeAt(0)
    return [0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)].map(percentOf).join('')
  })
}
