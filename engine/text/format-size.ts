const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB']

/** A size for the person in a fitting decimal unit, as in the window: `355 MB`, `6.4 GB`. */
export function formatSize(bytes: number): string {
  let power = 0
  let value = bytes
  while (power < units.length - 1 && value >= 999.5) {
    value /= 1000
    power += 1
  }
  const isFine = power > 0 && (value < 9.95 || power >= 3)
  const text = isFine ? value.toFixed(1).replace(/\.0$/, '') : Math.round(value)
  return `${text} ${bytes === 1 ? 'byte' : units[power]}`
}
