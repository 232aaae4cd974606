import { closeSync, openSync, readSync } from 'node:fs'

const chunkBytes = 256 * 1024
const newline = 0x0a

/** The lines of a file. */
export interface Lines {
  lines: string[]
  /** The number of lines that were too long and were skipped. */
  tooLong: number
  /** The last line has no newline: text appended next would become part of it. */
  isOpenEnded: boolean
}

/** Reads a file line by line with bounded memory. Lines longer than `maxLineBytes` are skipped. */
export function readLines(path: string, maxLineBytes: number): Lines {
  const lines: string[] = []
  const chunk = Buffer.alloc(chunkBytes)
  let parts: Buffer[] = []
  let length = 0
  let tooLong = 0
  const add = (bytes: Buffer) => {
    length += bytes.length
    if (length > maxLineBytes) parts = []
    else parts.push(Buffer.from(bytes))
  }
  const endLine = () => {
    if (length > maxLineBytes) tooLong += 1
    else if (length > 0) lines.push(Buffer.concat(parts).toString('utf8'))
    parts = []
    length = 0
  }
  const file = openSync(path, 'r')
  try {
    for (;;) {
      const size = readSync(file, chunk)
      if (size === 0) break
      let start = 0
      for (let end = chunk.indexOf(newline); end !== -1 && end < size; end = chunk.indexOf(newline, start)) {
        add(chunk.subarray(start, end))
        endLine()
        start = end + 1
      }
      add(chunk.subarray(start, size))
    }
  } finally {
    closeSync(file)
  }
  const isOpenEnded = length > 0
  endLine()
  return { lines, tooLong, isOpenEnded }
}
