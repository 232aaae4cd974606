import { crc32 } from 'node:zlib'

/** The form of all our JSON files. A file with a higher number is of a later version, and left untouched. */
export const formVersion = 1

/** How a part of a file falls into entries, each of which can be judged, kept and restored by itself. */
export interface Group {
  /** One and many of its entries, for a sentence. */
  nouns: readonly [one: string, many: string]
  /** For a list: the id of an entry, or null where it has none. Without it the part is an object of entries by name. */
  idOf?(value: unknown): string | null
  /** True for what this version can use. */
  isGood(name: string, value: unknown): boolean
}

export type Groups = Readonly<Record<string, Group>>
export type Entries = Map<string, unknown>

/** The name of a group that is the whole file. */
export const wholeFile = ''

/** A file's content in parts. */
export interface Content {
  version: number
  /** `whole`: as we wrote it; `altered`: changed since, by somebody or by damage; `none`: not written by this version. */
  seal: 'whole' | 'altered' | 'none'
  /** Entries that cannot be used and of which the person was told. */
  told: ReadonlySet<string>
  /** Null for a group that is missing or of another kind. */
  groups: ReadonlyMap<string, Entries | null>
  /** What is in the file beside the groups; kept as it is. */
  rest: Entries
}

const ownFields = new Set(['version', 'told', 'seal'])

/** Reads the content of a file; null for what is no JSON object. */
export function parseContent(text: string, groups: Groups): Content | null {
  const value = parseJson(text)
  if (!isObject(value)) return null
  const fields = new Map(Object.entries(value))
  const { seal, ...sealed } = value
  // Ours but for the number: that is damage, and no later version.
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

/** The text of a file, with its version and a checksum over everything. */
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
    // One that has no id, or that of another, is kept under its place.
    entries.set(id === null || entries.has(id) ? `#${index}` : id, entry)
  }
  return entries
}

/** Every other program writes JSON without a mark at its start; Windows' editor does not. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return null
  }
}

/** Tells damage, not malice: whoever may write the file may write its seal. */
function sealOf(fields: Record<string, unknown>): string {
  return crc32(JSON.stringify(fields)).toString(16)
}
