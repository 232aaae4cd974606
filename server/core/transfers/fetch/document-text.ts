import { decodeAs, decodeBytes, labelOf } from '../../../../engine/text/text-bytes.ts'

const prologBytes = 1024

/**
 * The text of a feed or a web page. A byte order mark decides, then UTF-16 that shows in the first tag; then UTF-8 where the bytes are
 * proper in it, whatever is said; then what the server says, what the text says, and what it most likely is. A server that
 * says Latin-1 often says so of everything, so the text's own word goes before that. A few bad bytes become U+FFFD, the rest is read.
 * Source: RFC 7303 §3; encoding.spec.whatwg.org.
 */
export function documentText(bytes: Uint8Array, contentType: string | null): string {
  const byServer = /;\s*charset\s*=\s*["']?([^\s"';]+)/i.exec(contentType ?? '')?.[1]
  const declared = [byServer ?? '', declaredEncoding(bytes)].flatMap((label) => labelOf(label) ?? [])
  if (declared[0] === 'windows-1252') declared.reverse()
  const mark = markOf(bytes)
  if (mark !== null) return new TextDecoder(mark).decode(bytes)
  // That one looks like ASCII.
  const order = declared.includes('iso-2022-jp') ? declared : ['utf-8', ...declared]
  for (const label of order) {
    const text = decodeAs(bytes, label)
    if (text !== null) return text
  }
  return decodeLeniently(bytes, declared)
}

/** Bytes that are proper in nothing that was told: one bad byte in UTF-8, or in what was told, or told wrongly. */
function decodeLeniently(bytes: Uint8Array, declared: string[]): string {
  const readings = ['utf-8', ...declared].map((label) => new TextDecoder(label).decode(bytes))
  const best = readings.find((text) => text.split('\ufffd').length - 1 <= text.length / 200)
  return best ?? decodeBytes(bytes)?.text ?? readings.at(-1) ?? ''
}

/** The encoding that the first bytes give away by a mark or by where their zeros are, or null. */
function markOf(bytes: Uint8Array): string | null {
  const start = Buffer.from(bytes.subarray(0, 4)).toString('hex')
  if (start.startsWith('efbbbf')) return 'utf-8'
  if (start.startsWith('fffe') || /^(3c|20|0a|0d|7b)00..00$/.test(start)) return 'utf-16le'
  return start.startsWith('feff') || /^00(3c|20|0a|0d|7b)00..$/.test(start) ? 'utf-16be' : null
}

/** What a text says of its own encoding, in its XML prolog or in a tag of a page; empty when nothing. */
function declaredEncoding(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.subarray(0, prologBytes)).toString('latin1')
  const prolog = /^\s*<\?xml\b[^>]*?\bencoding\s*=\s*["']([^"']+)["']/i.exec(start)?.[1]
  const label = prolog ?? /<meta\b[^>]*?\bcharset\s*=\s*["']?\s*([^\s"'/>;]+)/i.exec(start)?.[1] ?? ''
  // Where this can be read, it is not in UTF-16.
  return /^utf-?16/i.test(label) ? 'utf-8' : label
}
