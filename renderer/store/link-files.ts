import { textOfBytes } from './text-of-bytes.ts'

const endings = [
  'txt',
  'text',
  'csv',
  'tsv',
  'json',
  'md',
  'lst',
  'm3u',
  'm3u8',
  'url',
  'desktop',
  'webloc',
  'html',
  'htm',
  'xhtml',
]

/** The endings of files that links can come from, with a dot before each. */
export const linkFileEndings: readonly string[] = endings.map((ending) => `.${ending}`)

/** What of a file holds its links. */
export type LinkFile = { kind: 'text' | 'html'; content: string }

export function isLinkFile(name: string): boolean {
  return endings.includes(endingOf(name))
}

/** Reads a file that links can come from. Of a shortcut only its address counts: its icon and its kind have addresses too. */
export function readLinkFile(name: string, bytes: Uint8Array, languages: readonly string[]): LinkFile {
  const text = textOfBytes(bytes, languages)
  switch (endingOf(name)) {
    case 'html':
    case 'htm':
    case 'xhtml':
      return { kind: 'html', content: text }
    case 'url':
    case 'desktop':
      return { kind: 'text', content: valuesOf(text, /^[ \t]*url(?:\[\$e\])?[ \t]*=(.*)$/gim) }
    case 'webloc':
      return { kind: 'text', content: valuesOf(text, /<string>([^<]*)<\/string>/gi) }
    default:
      return { kind: 'text', content: text }
  }
}

/** What a pattern finds, one a line; all of the text when that is nothing, as for a property list in its binary form. */
function valuesOf(text: string, pattern: RegExp): string {
  const values = [...text.matchAll(pattern)].map(([, value = '']) => value.trim())
  return values.length === 0 ? text : values.join('\n')
}

function endingOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1).toLowerCase()
}
