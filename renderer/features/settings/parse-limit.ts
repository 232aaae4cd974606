const maxKilobytes = 1e9

/** Parses a limit in whole kilobytes per second to bytes: null for no limit, undefined if it is invalid. */
export function parseLimit(typed: string): number | null | undefined {
  const text = typed.trim()
  if (text === '') return null
  const kilobytes = /^\d{1,10}$/.test(text) ? Number(text) : 0
  return kilobytes >= 1 && kilobytes <= maxKilobytes ? kilobytes * 1000 : undefined
}

/** Parses gigabytes, with at most three decimals, to bytes. Undefined if it is invalid; empty means nothing. */
export function parseGigabytes(typed: string): number | undefined {
  const text = typed.trim().replace(',', '.')
  if (text === '') return 0
  return /^\d{1,4}(\.\d{1,3})?$/.test(text) ? Math.round(Number(text) * 1e9) : undefined
}

/** The number of an app at Put.io, null for none; undefined if it is not one. */
export function parseAppId(typed: string): string | null | undefined {
  const text = typed.trim()
  if (text === '') return null
  return /^\d{1,20}$/.test(text) ? text : undefined
}
