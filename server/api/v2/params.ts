import { ApiError } from './error.ts'

/**
 * The parameters of a request: those of the query and of the body, which may be a form or JSON. The body wins. Clients write flags as `1`,
 * `true` or `True`, and lists of ids with commas. Source: API v2 §4.
 */
export interface Params {
  /** All names in the request. */
  names(): string[]
  has(name: string): boolean
  /** Null when it is missing, null or empty. */
  text(name: string): string | null
  /** Throws a 400 when it is missing. */
  required(name: string): string
  /** A whole number that is not negative; null when it is missing. */
  number(name: string): number | null
  /** A required number. */
  id(name: string): number
  flag(name: string): boolean
  /** Null when it is missing. */
  ids(name: string): number[] | null
  /** The value as it came: in JSON, of any type. */
  raw(name: string): unknown
}

/** At most this many ids in one request. */
const maxIds = 100_000

export function createParams(values: ReadonlyMap<string, unknown>): Params {
  const text = (name: string): string | null => {
    const value = values.get(name) ?? null
    if (typeof value === 'number' || typeof value === 'boolean') return `${value}`
    if (value !== null && typeof value !== 'string') throw invalid(name, 'is not text')
    return value === '' ? null : value
  }
  const required = (name: string): string => {
    const value = text(name)
    if (value === null) throw invalid(name, 'is missing')
    return value
  }
  const number = (name: string): number | null => {
    const value = text(name)
    return value === null ? null : toNumber(name, value)
  }
  return {
    names: () => [...values.keys()],
    has: (name) => values.has(name),
    text,
    required,
    number,
    id: (name) => toNumber(name, required(name)),
    flag: (name) => /^(?:1|true|on|yes)$/i.test(text(name) ?? ''),
    ids: (name) => {
      const value = values.get(name) ?? null
      if (value === null || value === '') return null
      const parts: unknown[] = Array.isArray(value) ? value : `${text(name)}`.split(',')
      if (parts.length > maxIds) throw invalid(name, 'has too many ids')
      return parts.map((part) => toNumber(name, `${part}`.trim()))
    },
    raw: (name) => values.get(name),
  }
}

function toNumber(name: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw invalid(name, 'is not a number that is possible here')
  return Number(text)
}

function invalid(name: string, why: string): ApiError {
  return new ApiError(400, 'BadRequest', `The parameter “${name}” ${why}.`)
}

/** Adds the fields of a query or a form. The first of two with the same name counts. */
export function addForm(values: Map<string, unknown>, form: string): void {
  const seen = new Set<string>()
  for (const [name, value] of new URLSearchParams(form)) {
    if (!seen.has(name)) values.set(name, value)
    seen.add(name)
  }
}

/** Adds the members of a JSON object. */
export function addJson(values: Map<string, unknown>, json: string): void {
  let body: unknown
  try {
    body = JSON.parse(json)
  } catch {
    throw new ApiError(400, 'BadRequest', 'The request is not valid JSON.')
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new ApiError(400, 'BadRequest', 'The request is not a JSON object.')
  for (const [name, value] of Object.entries(body)) values.set(name, value)
}
