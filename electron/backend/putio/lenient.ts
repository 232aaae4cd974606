import * as z from 'zod'

/*
 * Schemas for what a service answers, so that a value of a wrong type costs a field, or at most a row, and never a list.
 */

export const digits = z.union([z.number(), z.string().regex(/^-?\d+(\.\d+)?$/)]).transform(Number)
export const text = z.union([z.string(), z.number().transform(String)])
/** Parsed many thousand times per list: one plain function takes half the time of nested schemas. */
export const id = z.unknown().transform((value, { addIssue }) => {
  const number = idOf(value)
  if (number !== null) return number
  addIssue('not an id')
  return z.NEVER
})
export const perhapsId = z.unknown().optional().transform(idOf)
export const perhapsDigits = z.unknown().optional().transform(numberOf)
/** A size, which is never below zero. */
export const perhapsBytes = perhapsDigits.transform((bytes) => (bytes === null ? null : Math.max(0, bytes)))
export const perhapsText = z
  .unknown()
  .optional()
  .transform((value) => (typeof value === 'string' ? value : null))
export const perhapsFlag = z
  .unknown()
  .optional()
  .transform((value) => (typeof value === 'boolean' ? value : null))

function numberOf(value: unknown): number | null {
  const isNumber = typeof value === 'number' || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value))
  return isNumber && Number.isFinite(Number(value)) ? Number(value) : null
}

function idOf(value: unknown): number | null {
  const number = numberOf(value)
  return number !== null && Number.isSafeInteger(number) && number >= 0 ? number : null
}

/** Seconds since 1970, within the range of a Date. */
export const perhapsSeconds = perhaps(z.number().min(0).max(8.64e12))
export const perhapsCount = perhaps(z.number().int())
export const perhapsNumber = perhaps(z.number())

/** An optional field: null if it is missing or has the wrong type, so that the row itself stays valid. */
export function perhaps<T>(schema: z.ZodType<T>) {
  return schema
    .nullish()
    .catch(null)
    .transform((value) => value ?? null)
}

/** A row of a list that could not be parsed, and why. */
export interface UnreadRow {
  row: unknown
  problem: string
}

/** Parses each row of a list on its own, so that a bad row does not affect the others. Rows that could not be parsed become null. */
export function readRows<T>(
  rows: readonly unknown[],
  schema: z.ZodType<T>,
): { read: (T | null)[]; unread: UnreadRow[] } {
  const unread: UnreadRow[] = []
  const read = rows.map((row) => {
    const parsed = schema.safeParse(row)
    if (parsed.success) return parsed.data
    const problem = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join(', ')
    unread.push({ row, problem })
    return null
  })
  return { read, unread }
}

/** Any list. A missing value is an empty list, and a single value is a list of one row. */
export const anyRows = z
  .unknown()
  .optional()
  .transform((value): unknown[] => (Array.isArray(value) ? value : value == null ? [] : [value]))

/** Rows that are parsed one by one. */
export const WireRows = z.array(z.unknown())
