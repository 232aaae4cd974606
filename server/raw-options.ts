/** An error in the command line or the settings file, as a sentence. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** Unvalidated names and values. */
export type RawOptions = Record<string, unknown>

/** Returns the object if it has only these names. Otherwise throws a `UsageError`. */
export function checkKeys(raw: unknown, names: readonly string[], what: string): RawOptions {
  if (!isRawOptions(raw)) throw new UsageError(`${what} must be an object of names and values.`)
  const unknown = Object.keys(raw).find((name) => !names.includes(name))
  if (unknown !== undefined) throw new UsageError(`${what} has an unknown name: “${unknown}”.`)
  return raw
}

/** An optional text; empty counts as absent. */
export function text(raw: RawOptions, name: string): string | null {
  const value = raw[name]
  if (value === undefined || value === '') return null
  if (typeof value !== 'string') throw new UsageError(`--${name} must be text.`)
  return value
}

/** An optional list of texts. */
export function texts(raw: RawOptions, name: string): string[] {
  const value = raw[name] ?? []
  const isList = Array.isArray(value) && value.every((entry) => typeof entry === 'string')
  if (!isList) throw new UsageError(`--${name} must be a list of texts.`)
  return value
}

/** An optional number, given as a number or as digits. */
export function number(
  raw: RawOptions,
  name: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER, isWhole = true } = {},
): number | null {
  const value = raw[name]
  if (value === undefined) return null
  const isDigits = typeof value === 'string' && (isWhole ? /^\d{1,16}$/ : /^\d{1,9}(\.\d{1,3})?$/).test(value)
  const read = isDigits ? Number(value) : value
  if (typeof read === 'number' && read >= min && read <= max && (!isWhole || Number.isSafeInteger(read))) return read
  throw new UsageError(
    `--${name} must be a ${isWhole ? 'whole ' : ''}number of at least ${min}, not “${String(value)}”.`,
  )
}

function isRawOptions(value: unknown): value is RawOptions {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
