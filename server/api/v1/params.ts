import { Refusal } from '../../core/errors/refusal.ts'

/**
 * The parameters of a request, parsed as old clients send them: numbers as text, lists as objects, null for nothing.
 * Source: API v1 §1.3.
 */
export interface Params {
  /** True when the parameter was given, even as null. */
  has(name: string): boolean
  /** A required number. */
  id(name: string): number
  number(name: string, absent: number): number
  text(name: string): string | null
  /** Null when the parameter was not given. */
  list(name: string): string[] | null
}

export function readParams(params: Record<string, unknown>): Params {
  const get = (name: string): unknown => (Object.hasOwn(params, name) ? (params[name] ?? null) : null)
  const number = (name: string): number | null => {
    const value = get(name)
    if (value === null || value === '') return null
    const read = typeof value === 'string' && /^\s*-?\d{1,15}\s*$/.test(value) ? Number(value) : value
    if (typeof read !== 'number' || !Number.isSafeInteger(read) || read < 0) {
      throw new Refusal(`The parameter “${name}” is not a number that is possible here.`)
    }
    return read
  }
  const text = (name: string): string | null => {
    const value = get(name)
    if (typeof value === 'number' || typeof value === 'boolean') return `${value}`
    if (value !== null && typeof value !== 'string') throw new Refusal(`The parameter “${name}” is not text.`)
    return value
  }
  return {
    has: (name) => Object.hasOwn(params, name),
    id: (name) => {
      const value = number(name)
      if (value === null) throw new Refusal(`The parameter “${name}” is missing.`)
      return value
    },
    number: (name, absent) => number(name) ?? absent,
    text,
    list: (name) => {
      const value = get(name)
      if (value === null) return null
      const entries = typeof value === 'object' ? Object.values(value) : [text(name) ?? '']
      const texts = entries.filter((entry) => typeof entry === 'string' || typeof entry === 'number')
      return texts.map((entry) => `${entry}`.trim()).filter((entry) => entry !== '')
    },
  }
}
