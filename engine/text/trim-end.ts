/** Removes the trailing characters that are among `characters`. A pattern ending in `+$` would retry from each of them. */
export function trimEnd(text: string, characters: string): string {
  let end = text.length
  while (end > 0 && characters.includes(text.charAt(end - 1))) end--
  return text.slice(0, end)
}
