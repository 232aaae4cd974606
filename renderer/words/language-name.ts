const names = new Intl.DisplayNames('en', { type: 'language' })

/** The name of a language by its code: "German" for `de`. */
export function languageName(code: string): string {
  return names.of(code) ?? code
}
