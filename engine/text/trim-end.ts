/** A text without those of its last characters that are among `characters`. A pattern that ends with `+$` would look again from each. */
export function trimEnd(text: string, characters: string): string {
  let end = text.length
  while (end > 0 && characters.includes(text.charAt(end - 1))) end--
  return text.slice(0, end)
}
