const maxKilobytes = 1e9

/** A typed limit of whole kilobytes a second as bytes: null for none, undefined for what is no limit. */
export function parseLimit(typed: string): number | null | undefined {
  const text = typed.trim()
  if (text === '') return null
  const kilobytes = /^\d{1,10}$/.test(text) ? Number(text) : 0
  return kilobytes >= 1 && kilobytes <= maxKilobytes ? kilobytes * 1000 : undefined
}
