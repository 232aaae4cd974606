import { encode } from 'uqr'

/** How many empty modules are around a code. Source: ISO/IEC 18004, which asks for four. */
const border = 4

/** A text as a QR code: the number of modules in a row, and a path with a rectangle of height 1 for each run of dark ones. */
export function qrPath(text: string): { path: string; size: number } {
  const { data, size } = encode(text, { ecc: 'M', border })
  const runs: string[] = []
  for (const [y, row] of data.entries()) {
    let start = -1
    for (let x = 0; x <= size; x += 1) {
      const isDark = row[x] === true
      if (isDark && start === -1) start = x
      if (isDark || start === -1) continue
      runs.push(`M${start} ${y}h${x - start}v1h${start - x}z`)
      start = -1
    }
  }
  return { path: runs.join(''), size }
}
