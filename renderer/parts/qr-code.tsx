import { useMemo } from 'react'
import { encode } from 'uqr'
import styles from './qr-code.module.css'

/** How many empty modules are around the code. Source: ISO/IEC 18004, which asks for four. */
const border = 4

/** A text as a QR code, dark on white in both themes: not every camera reads one that is inverted. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const { path, size } = useMemo(() => drawn(text), [text])
  return (
    <svg
      role="img"
      aria-label={label}
      className={styles.code}
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
    >
      <path d={path} />
    </svg>
  )
}

/** One path with a rectangle for each run of dark modules. */
function drawn(text: string): { path: string; size: number } {
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
