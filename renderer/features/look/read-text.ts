import { detect } from 'jschardet'
import type { Text } from './text.ts'

const maxLineLength = 2000
const maxLines = 100_000
const sampleBytes = 64 * 1024

/** Decodes the beginning of a text. Null if it is not text. */
export function readText(bytes: Uint8Array, isCut: boolean): Text | null {
  const encoding = encodingOf(bytes, isCut)
  if (encoding === null) return null
  const text = new TextDecoder(encoding).decode(isCut ? withoutCutCharacter(bytes, encoding) : bytes)
  const lines: string[] = []
  const numbers: number[] = []
  let number = 0
  for (const line of text.split(/\r\n|\n|\r/)) {
    number += 1
    for (let at = 0; at === 0 || at < line.length; at += maxLineLength) {
      if (lines.length >= maxLines) return { lines, numbers, encoding }
      lines.push(line.slice(at, at + maxLineLength))
      numbers.push(at === 0 ? number : 0)
    }
  }
  return { lines, numbers, encoding }
}

function encodingOf(bytes: Uint8Array, isCut: boolean): string | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  const sample = bytes.subarray(0, sampleBytes)
  if (sample.includes(0)) return withoutMark(sample)
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(isCut ? withoutCutCharacter(bytes, 'utf-8') : bytes)
    return 'utf-8'
  } catch {
    return guess(sample)
  }
}

/** UTF-16 without a byte order mark: text in Latin letters has a zero in every other byte. */
function withoutMark(sample: Uint8Array): string | null {
  let even = 0
  let odd = 0
  for (const [at, byte] of sample.entries()) if (byte === 0) at % 2 === 0 ? even++ : odd++
  const half = sample.length / 2
  if (odd > half * 0.6 && even === 0) return 'utf-16le'
  if (even > half * 0.6 && odd === 0) return 'utf-16be'
  return null
}

function guess(sample: Uint8Array): string {
  const { encoding } = detect(String.fromCharCode(...sample.subarray(0, 16 * 1024)))
  try {
    return new TextDecoder(encoding ?? 'windows-1252').encoding
  } catch {
    return 'windows-1252'
  }
}

/** A character that the limit cuts in half would be an error. */
function withoutCutCharacter(bytes: Uint8Array, encoding: string): Uint8Array {
  if (encoding.startsWith('utf-16')) return bytes.subarray(0, bytes.length - (bytes.length % 2))
  if (encoding !== 'utf-8') return bytes
  let end = bytes.length
  // The last character begins at most three bytes before the end.
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) break
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
      if (back < length) end = bytes.length - back
      break
    }
  }
  return bytes.subarray(0, end)
}
