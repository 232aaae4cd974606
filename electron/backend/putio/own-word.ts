const maxLength = 60

/** A word of a service, short enough to be shown; null for none. */
export function ownWord(word: string | null | undefined): string | null {
  const short = word?.trim().slice(0, maxLength).toWellFormed() ?? ''
  return short === '' ? null : short
}
