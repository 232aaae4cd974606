const hidden = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu

/** Makes control and direction characters visible, because they could make a name look like another one. */
export function visibleName(name: string): string {
  return name.replace(hidden, (letter) => {
    const code = letter.charCodeAt(0)
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    return `⟨${code.toString(16).toUpperCase().padStart(4, '0')}⟩`
  })
}

const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufefc]/
const joins = /\p{M}|\u200d|[\u{1f3fb}-\u{1f3ff}]/u
const maxUncutLength = 24
const tailLength = 10

/**
 * Splits a name in two, so that the head can be truncated and the extension stays. Short names and right-to-left names are not
 * split, and characters are never split.
 */
export function cutName(name: string): { head: string; tail: string } {
  if (name.length <= maxUncutLength || rightToLeft.test(name)) return { head: name, tail: '' }
  const letters = Array.from(name)
  let at = letters.length - tailLength
  while (at > 0 && (joins.test(letters[at] ?? '') || letters[at - 1] === '\u200d')) at--
  if (at <= 0) return { head: name, tail: '' }
  return { head: letters.slice(0, at).join(''), tail: letters.slice(at).join('') }
}
