/** A time as API v2 writes it: UTC, to the second, without a zone. Source: API v2 §19, C4. */
export function toTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19)
}

/** A time that a client sent, in seconds since 1970: with or without a zone, a fraction, or `T`; null for anything else. */
export function fromTime(text: string): number | null {
  const [, date, clock, zone] =
    /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?$/i.exec(text) ?? []
  if (date === undefined) return null
  const ms = Date.parse(`${date}T${clock}${zone ?? 'Z'}`)
  return Number.isNaN(ms) || ms < 0 ? null : Math.floor(ms / 1000)
}
