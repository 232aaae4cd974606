import { textOfBytes } from './text-of-bytes.ts'

const extensions = [
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

/** The extensions of files that may contain links, with a leading dot. */
export const linkFileEndings: readonly string[] = extensions.map((extension) => `.${extension}`)

/** The part of a file that contains its links. */
export type LinkFile = { kind: 'text' | 'html'; content: string }

export function isLinkFile(name: string): boolean {
  return extensions.includes(extensionOf(name))
}

/** Reads a file that may contain links. Of a shortcut, only its target is read: its icon and its type may have URLs too. */
export function readLinkFile(name: string, bytes: Uint8Array, languages: readonly string[]): LinkFile {
  const text = textOfBytes(bytes, languages)
  switch (extensionOf(name)) {
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

/** All matches of a pattern, one per line. Without a match, the whole text, as for a binary property list. */
function valuesOf(text: string, pattern: RegExp): string {
  const values = [...text.matchAll(pattern)].map(([, value = '']) => value.trim())
  return values.length === 0 ? text : values.join('\n')
}

function extensionOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1).toLowerCase()
}
