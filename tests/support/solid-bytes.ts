import { randomBytes } from 'node:crypto'

/** Random bytes without zeros: a zero at the end of a part file is fetched again. */
export function solidBytes(length: number): Buffer {
  const bytes = randomBytes(length)
  for (let at = bytes.indexOf(0); at >= 0; at = bytes.indexOf(0, at + 1)) bytes[at] = 1
  return bytes
}
