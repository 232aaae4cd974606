/** What is wrong with the command line or the settings file, in a sentence. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** Names and values as someone wrote them. */
export type Said = Record<string, unknown>

/** Takes an object with no other names than these. */
export function checkKeys(said: unknown, names: readonly string[], what: string): Said {
  if (!isSaid(said)) throw new UsageError(`${what} is to be an object of names and values.`)
  const unknown = Object.keys(said).find((name) => !names.includes(name))
  if (unknown !== undefined) throw new UsageError(`${what} has an unknown name: “${unknown}”.`)
  return said
}

/** A text that may be absent or empty. */
export function text(said: Said, name: string): string | null {
  const value = said[name]
  if (value === undefined || value === '') return null
  if (typeof value !== 'string') throw new UsageError(`--${name} is to be text.`)
  return value
}

/** A list of texts that may be absent. */
export function texts(said: Said, name: string): string[] {
  const value = said[name] ?? []
  const isList = Array.isArray(value) && value.every((entry) => typeof entry === 'string')
  if (!isList) throw new UsageError(`--${name} is to be a list of texts.`)
  return value
}

/** A number that may be absent, as a number or as digits. */
export function number(
  said: Said,
  name: string,
  { least = 0, most = Number.MAX_SAFE_INTEGER, isWhole = true } = {},
): number | null {
  const value = said[name]
  if (value === undefined) return null
  const isDigits = typeof value === 'string' && (isWhole ? /^\d{1,16}$/ : /^\d{1,9}(\.\d{1,3})?$/).test(value)
  const read = isDigits ? Number(value) : value
  if (typeof read === 'number' && read >= least && read <= most && (!isWhole || Number.isSafeInteger(read))) return read
  throw new UsageError(
    `--${name} is to be a ${isWhole ? 'whole ' : ''}number from ${least} on, not “${String(value)}”.`,
  )
}

function isSaid(value: unknown): value is Said {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
