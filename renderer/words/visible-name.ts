const hidden = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu

/** A name as text: control and direction characters, which could make it look like another, are shown as what they are. */
export function visibleName(name: string): string {
  return name.replace(hidden, (letter) => {
    const code = letter.charCodeAt(0)
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    return `⟨${code.toString(16).toUpperCase().padStart(4, '0')}⟩`
  })
}

const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufefc]/
const joins = /\p{M}|\u200d|[\u{1f3fb}-\u{1f3ff}]/u
const longest = 24
const tailLength = 10

/**
 * A name cut in two, so that the front can give way and the ending stays. Short names and those read from the right are not
 * cut; no letter is torn apart.
 */
export function cutName(name: string): { head: string; tail: string } {
  if (name.length <= longest || rightToLeft.test(name)) return { head: name, tail: '' }
  const letters = Array.from(name)
  let at = letters.length - tailLength
  while (at > 0 && (joins.test(letters[at] ?? '') || letters[at - 1] === '\u200d')) at--
  if (at <= 0) return { head: name, tail: '' }
  return { head: letters.slice(0, at).join(''), tail: letters.slice(at).join('') }
}
