/** A size as Put.io writes it: `45.5M`. Source: API v1 §8.2. */
export function humanSize(bytes: number, decimals = 1): string {
  const units = ['B', 'K', 'M', 'G', 'T']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(decimals)}${units[unit]}`
}
