const encodedStart = /^(?:magnet(?::|%3a)(?:\/\/|%2f%2f)?(?:\?|%3f)|(?:https?|ftps?)(?::|%3a)(?:\/|%2f){2})/i

/**
 * Normalizes a link that another program passed in: trims it, and decodes it once when it was percent-encoded as a whole, scheme
 * included. Only ASCII is decoded: other bytes stay as written until their encoding is known.
 */
export function asLink(written: string): string {
  const link = written.trim()
  const start = encodedStart.exec(link)?.[0] ?? ''
  return start.includes('%') ? decodeAscii(link) : link
}

/** Decodes, once, the percent escapes that stand for ASCII. */
export function decodeAscii(text: string): string {
  return text.replace(/%([0-7][0-9a-f])/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
