import { decodeAs } from '../../engine/text/text-bytes.ts'

const tables = new Map<string, Map<string, number[]>>()

/** The bytes of a text in a legacy encoding, or null when it cannot represent the text: an inversion of the encoding's decoder. */
export function encodeAs(text: string, label: string): Buffer | null {
  const table = tables.get(label) ?? tableOf(label)
  tables.set(label, table)
  const bytes: number[] = []
  for (const character of text) {
    const known = table.get(character)
    if (known === undefined) return null
    bytes.push(...known)
  }
  return Buffer.from(bytes)
}

/** The same for a text that the encoding can represent. */
export function encoded(text: string, label: string): Buffer {
  const bytes = encodeAs(text, label)
  if (bytes === null) throw new Error(`${label} cannot represent “${text}”`)
  return bytes
}

function tableOf(label: string): Map<string, number[]> {
  const table = new Map<string, number[]>()
  const note = (...bytes: number[]) => {
    const text = decodeAs(Uint8Array.from(bytes), label)
    if (text !== null && [...text].length === 1 && !table.has(text)) table.set(text, bytes)
  }
  for (let byte = 0; byte < 0x100; byte++) note(byte)
  if (/^(windows|ibm|koi|iso)/.test(label)) return table
  for (let lead = 0x81; lead < 0xff; lead++) for (let trail = 0x40; trail < 0xff; trail++) note(lead, trail)
  return table
}
