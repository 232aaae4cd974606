const encodedStart = /^(?:magnet(?::|%3a)(?:\/\/|%2f%2f)?(?:\?|%3f)|(?:https?|ftps?)(?::|%3a)(?:\/|%2f){2})/i

/**
 * A link as a program handed it over, without blanks around it. One that was wholly percent-encoded, its scheme included, is decoded
 * once. Only what stands for ASCII is: other bytes stay as they were written until their encoding is known.
 */
export function asLink(written: string): string {
  const link = written.trim()
  const start = encodedStart.exec(link)?.[0] ?? ''
  return start.includes('%') ? decodeAscii(link) : link
}

/** Percent signs that stand for ASCII, decoded once. */
export function decodeAscii(text: string): string {
  return text.replace(/%([0-7][0-9a-f])/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
