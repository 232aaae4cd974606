import { crc32 } from 'node:zlib'

/** The format version of all our JSON files. A file with a higher number is from a later version and is left untouched. */
export const formVersion = 1

/** How a part of a file is split into entries, each of which is validated, kept and restored on its own. */
export interface Group {
  /** Singular and plural of its entries, for messages. */
  nouns: readonly [one: string, many: string]
  /** For a list: the id of an entry, or null if it has none. Without this function the part is an object of entries by name. */
  idOf?(value: unknown): string | null
  /** True if this version can use the entry. */
  isGood(name: string, value: unknown): boolean
}

export type Groups = Readonly<Record<string, Group>>
export type Entries = Map<string, unknown>

/** The name of a group that covers the whole file. */
export const wholeFile = ''

/** The parsed content of a file. */
export interface Content {
  version: number
  /** `whole`: as we wrote it; `altered`: changed since, by hand or by damage; `none`: not written by this version. */
  seal: 'whole' | 'altered' | 'none'
  /** Unusable entries that were already reported to the user. */
  told: ReadonlySet<string>
  /** Null for a group that is missing or has the wrong type. */
  groups: ReadonlyMap<string, Entries | null>
  /** Fields outside the groups; kept unchanged. */
  rest: Entries
}

const ownFields = new Set(['version', 'told', 'seal'])

/** Parses the content of a file; null if it is not a JSON object. */
export function parseContent(text: string, groups: Groups): Content | null {
  const value = parseJson(text)
  if (!isObject(value)) return null
  const fields = new Map(Object.entries(value))
  const { seal, ...sealed } = value
  // If the seal matches with our own version number, the number was damaged: this is not a later version.
  const isOurs = seal === sealOf({ ...sealed, version: formVersion })
  const version = isOurs ? formVersion : fields.get('version')
  const told = fields.get('told')
  const isWholeGroup = wholeFile in groups
  const foreign = [...fields].filter(([name]) => !ownFields.has(name))
  return {
    version: typeof version === 'number' ? version : 0,
    seal: seal === undefined ? 'none' : seal === sealOf(sealed) ? 'whole' : 'altered',
    told: new Set(Array.isArray(told) ? told.filter((name) => typeof name === 'string') : []),
    groups: new Map(
      Object.entries(groups).map(([name, group]) => [
        name,
        isWholeGroup ? (foreign.length > 0 ? new Map(foreign) : null) : toEntries(fields.get(name), group),
      ]),
    ),
    rest: new Map(isWholeGroup ? [] : foreign.filter(([name]) => !Object.hasOwn(groups, name))),
  }
}

/** The text of a file, with its version and a checksum of everything. */
export function writeContent(
  { groups: kept, rest, told }: Pick<Content, 'groups' | 'rest' | 'told'>,
  groups: Groups,
): string {
  const fields = new Map(rest)
  for (const [name, entries] of kept) {
    if (entries === null) continue
    if (name === wholeFile) for (const [key, value] of entries) fields.set(key, value)
    else fields.set(name, groups[name]?.idOf === undefined ? Object.fromEntries(entries) : [...entries.values()])
  }
  fields.set('version', formVersion)
  if (told.size > 0) fields.set('told', [...told])
  const sealed = Object.fromEntries(fields)
  return `${JSON.stringify({ ...sealed, seal: sealOf(sealed) }, null, 2)}\n`
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function toEntries(value: unknown, { idOf }: Group): Entries | null {
  if (idOf === undefined) return isObject(value) ? new Map(Object.entries(value)) : null
  if (!Array.isArray(value)) return null
  const entries: Entries = new Map()
  for (const [index, entry] of value.entries()) {
    const id = idOf(entry)
    // An entry without an id, or with a duplicate one, is keyed by its position.
    entries.set(id === null || entries.has(id) ? `#${index}` : id, entry)
  }
  return entries
}

/** Windows Notepad may add a byte order mark, which JSON.parse refuses. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return null
  }
}

/** Detects damage, not tampering: whoever can write the file can also write its seal. */
function sealOf(fields: Record<string, unknown>): string {
  return crc32(JSON.stringify(fields)).toString(16)
}
