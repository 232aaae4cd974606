import { crc32 } from 'node:zlib'
import type { PartFile } from './part-file.ts'

const stepBytes = 1024 * 1024

/** What is known about a file before it is fetched. */
export interface Expected {
  /** Eight hexadecimal digits. Source: API v2, "crc32" of a file. */
  crc32: string
}

/** Reads the complete part file. Returns what is wrong with it, or null when it is what was expected. */
export async function checkContent(part: PartFile, sizeBytes: number, expected: Expected): Promise<string | null> {
  const buffer = Buffer.allocUnsafe(stepBytes)
  let sum = 0
  for (let at = 0; at < sizeBytes; ) {
    const bytes = await part.read(at, sizeBytes, buffer)
    if (bytes.length === 0) break
    sum = crc32(bytes, sum)
    at += bytes.length
  }
  const found = sum.toString(16).padStart(8, '0')
  return found === expected.crc32.toLowerCase().padStart(8, '0') ? null : 'its checksum is another'
}
