import { detect } from 'jschardet'
import type { ArchiveEntry, RawEntry } from './entry.ts'

const maxNameLength = 4096
const sampleBytes = 16 * 1024
const minConfidence = 0.8

/** The upper half of code page 437, in which zips have names that are not declared to be UTF-8. */
const upper437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0'

/** Decodes the names of a list. Those that are not UTF-8 have one encoding, which is guessed from all of them. */
export function withNames(entries: readonly RawEntry[]): ArchiveEntry[] {
  const others: Uint8Array[] = []
  for (const { name } of entries) if (typeof name !== 'string' && inUtf8(name) === null) others.push(name)
  const decodeOther = others.length === 0 ? in437 : decoderFor(others)
  return entries.map((entry) => {
    const { name } = entry
    const text = typeof name === 'string' ? name : (inUtf8(name) ?? decodeOther(name))
    return { ...entry, name: text.slice(0, maxNameLength) }
  })
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function inUtf8(name: Uint8Array): string | null {
  try {
    return utf8.decode(name)
  } catch {
    // Another encoding.
    return null
  }
}

function in437(name: Uint8Array): string {
  return Array.from(name, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : (upper437[byte - 0x80] ?? ''))).join('')
}

function decoderFor(names: readonly Uint8Array[]): (name: Uint8Array) => string {
  let sample = ''
  for (const name of names) {
    if (sample.length > sampleBytes) break
    sample += `${String.fromCharCode(...name.subarray(0, maxNameLength))}\n`
  }
  const { encoding, confidence } = detect(sample)
  if (encoding === null || confidence < minConfidence) return in437
  try {
    const decoder = new TextDecoder(encoding)
    return (name) => decoder.decode(name)
  } catch {
    // One that the browser does not know.
    return in437
  }
}
