import { decodeAs, decodeBytes, labelOf } from '../../../../engine/text/text-bytes.ts'

const prologBytes = 1024

/**
 * Decodes a feed or a web page. A byte order mark decides; then UTF-16 that shows in the first tag; then UTF-8 if the
 * bytes are valid in it, whatever is declared; then the server's declaration, the text's own, and the most likely
 * encoding. Servers often declare Latin-1 for everything, so the text's declaration goes before that one. A few invalid
 * bytes become U+FFFD. Source: RFC 7303 §3; encoding.spec.whatwg.org.
 */
export function documentText(bytes: Uint8Array, contentType: string | null): string {
  const byServer = /;\s*charset\s*=\s*["']?([^\s"';]+)/i.exec(contentType ?? '')?.[1]
  const declared = [byServer ?? '', declaredEncoding(bytes)].flatMap((label) => labelOf(label) ?? [])
  if (declared[0] === 'windows-1252') declared.reverse()
  const mark = markOf(bytes)
  if (mark !== null) return new TextDecoder(mark).decode(bytes)
  // ISO-2022-JP is valid UTF-8, so it has to be tried first.
  const order = declared.includes('iso-2022-jp') ? declared : ['utf-8', ...declared]
  for (const label of order) {
    const text = decodeAs(bytes, label)
    if (text !== null) return text
  }
  return decodeLeniently(bytes, declared)
}

/** Decodes bytes that are invalid in every declared encoding, because of a few bad bytes or a wrong declaration. */
function decodeLeniently(bytes: Uint8Array, declared: string[]): string {
  const readings = ['utf-8', ...declared].map((label) => new TextDecoder(label).decode(bytes))
  const best = readings.find((text) => text.split('\ufffd').length - 1 <= text.length / 200)
  return best ?? decodeBytes(bytes)?.text ?? readings.at(-1) ?? ''
}

/** The encoding by its byte order mark or the position of zeros; null when unknown. */
function markOf(bytes: Uint8Array): string | null {
  const start = Buffer.from(bytes.subarray(0, 4)).toString('hex')
  if (start.startsWith('efbbbf')) return 'utf-8'
  if (start.startsWith('fffe') || /^(3c|20|0a|0d|7b)00..00$/.test(start)) return 'utf-16le'
  return start.startsWith('feff') || /^00(3c|20|0a|0d|7b)00..$/.test(start) ? 'utf-16be' : null
}

/** The encoding that a text declares in its XML prolog or in a tag of a page; empty when there is none. */
function declaredEncoding(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.subarray(0, prologBytes)).toString('latin1')
  const prolog = /^\s*<\?xml\b[^>]*?\bencoding\s*=\s*["']([^"']+)["']/i.exec(start)?.[1]
  const label = prolog ?? /<meta\b[^>]*?\bcharset\s*=\s*["']?\s*([^\s"'/>;]+)/i.exec(start)?.[1] ?? ''
  // A declaration that can be read as ASCII is not in UTF-16.
  return /^utf-?16/i.test(label) ? 'utf-8' : label
}
