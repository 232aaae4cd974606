const maxKilobytes = 1e9

/** Parses a limit in whole kilobytes per second to bytes: null for no limit, undefined if it is invalid. */
export function parseLimit(typed: string): number | null | undefined {
  const text = typed.trim()
  if (text === '') return null
  const kilobytes = /^\d{1,10}$/.test(text) ? Number(text) : 0
  return kilobytes >= 1 && kilobytes <= maxKilobytes ? kilobytes * 1000 : undefined
}
