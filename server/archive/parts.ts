/** How the parts of one archive are named: `.part1.rar`; `.rar`, `.r00`; `.z01`, `.zip`; `.001`. */
type PartsKind = 'rar-parts' | 'rar-volumes' | 'zip-disks' | 'split'

/** Names that are the parts of one archive. */
export interface PartGroup {
  /** What stands before the endings, as it is written in the first part. */
  name: string
  kind: PartsKind
  /** Which of the names given are its parts, in the order in which they are read. */
  partIndexes: number[]
  /** Parts that must be there, as later ones are, but are not; at most a hundred are named. */
  missing: string[]
}

interface Part {
  index: number
  number: number
  /** The text of the number as written, for naming those that are missing. */
  digits: string
  stem: string
  /** The ending that all parts share, as written. */
  ending: string
  kind: PartsKind
}

const maxMissing = 100
const maxNameLength = 2048
/** How every part's name ends; most names do not, and need not be read further. */
const canBePart = /(?:\.rar|\.zip|\d)$/i
const archiveEnding = /\.(?:tar\.(?:gz|bz2|xz|zst)|zip|7z|rar|tar|t[gx]z|tbz2?|tzst|gz|bz2|xz|zst)$/i

/**
 * Finds which names are parts of one archive, whatever their letters' case and order. What is in no group is in `rest`: a
 * lone `x.rar`, `x.zip` or `x.001` is an archive or a file by itself. Names are told apart by `keyOf` too, such as the folder or host they
 * come from. A group bears the stem as the links write it; Put.io's sample shows `ABCDE` for `abcde.part1.rar`, and as no rule for
 * capitals is known, none is made up.
 * Source: API docs, "Analyzing links" (multipart).
 */
export function groupParts(
  names: readonly string[],
  keyOf: (index: number) => string = () => '',
): { groups: PartGroup[]; rest: number[] } {
  const sets = new Map<string, Map<number, Part>>()
  for (const [index, name] of names.entries()) {
    const part = parse(name, index)
    if (part === null) continue
    const key = JSON.stringify([keyOf(index), part.kind, fold(part.stem), fold(part.ending)])
    const set = sets.get(key) ?? new Map<number, Part>()
    // The same part twice: the first is taken, the other stays a file by itself.
    if (!set.has(part.number)) set.set(part.number, part)
    sets.set(key, set)
  }
  const groups = [...sets.values()].flatMap((set) => toGroup([...set.values()].sort((a, b) => a.number - b.number)))
  groups.sort((a, b) => Math.min(...a.partIndexes) - Math.min(...b.partIndexes))
  const grouped = new Set(groups.flatMap((group) => group.partIndexes))
  return { groups, rest: [...names.keys()].filter((index) => !grouped.has(index)) }
}

function fold(text: string): string {
  return text.normalize('NFC').toLowerCase()
}

/** Numbers are in reading order, from 1; the `.zip` of a set on disks is the last, and gets infinity. */
function parse(name: string, index: number): Part | null {
  if (name.length > maxNameLength || !canBePart.test(name)) return null
  const [, stem = '', digits = '', ending = ''] =
    /^(.+)\.part(\d{1,4})(\.rar)$/is.exec(name) ?? /^(.+)\.(?:rar|([r-v]\d\d))$/is.exec(name) ?? []
  if (ending !== '') return numbered({ index, number: Number(digits), digits, stem, ending, kind: 'rar-parts' })
  if (stem !== '') return { index, number: volumeNumber(digits), digits, stem, ending: '', kind: 'rar-volumes' }
  const [, zipStem = '', disk = ''] = /^(.+)\.(?:zip|z(\d{2,3}))$/is.exec(name) ?? []
  if (zipStem !== '') {
    const number = disk === '' ? Number.POSITIVE_INFINITY : Number(disk)
    return numbered({ index, number, digits: disk, stem: zipStem, ending: '', kind: 'zip-disks' })
  }
  const [, whole = '', count = ''] = /^(.+)\.(\d{3,4})$/s.exec(name) ?? []
  if (whole === '' || (count.length > 3 && Number(count) < 1000)) return null
  const splitStem = whole.replace(archiveEnding, '')
  const isArchive = splitStem !== '' && splitStem !== whole
  return numbered({
    index,
    number: Number(count),
    digits: count,
    stem: isArchive ? splitStem : whole,
    ending: isArchive ? whole.slice(splitStem.length) : '',
    kind: 'split',
  })
}

function numbered(part: Part): Part | null {
  return part.number >= 1 ? part : null
}

/** `.rar` is the first, `.r00` the second, `.s00` the 102nd. */
function volumeNumber(ending: string): number {
  if (ending === '') return 1
  return (ending.toLowerCase().charCodeAt(0) - 'r'.charCodeAt(0)) * 100 + Number(ending.slice(1)) + 2
}

function toGroup(parts: Part[]): PartGroup[] {
  const [first] = parts
  if (first === undefined || !isSet(parts, first)) return []
  return [
    {
      name: first.stem,
      kind: first.kind,
      partIndexes: parts.map((part) => part.index),
      missing: missingOf(parts, first),
    },
  ]
}

/** Whether the names can be nothing but parts: `report.001` may be, `report.2019` beside `report.2020` is not. */
function isSet(parts: Part[], first: Part): boolean {
  if (first.kind === 'rar-parts') return true
  if (first.kind === 'rar-volumes') return parts.length > 1 || first.number === 2
  if (first.kind === 'zip-disks') return parts.length > 1 || Number.isFinite(first.number)
  if (first.ending !== '') return first.number <= 999
  return parts.length > 1 && first.number <= 2
}

function missingOf(parts: Part[], first: Part): string[] {
  const have = new Set(parts.map((part) => part.number))
  const last = Math.max(...parts.map((part) => part.number).filter(Number.isFinite))
  const width = Math.min(...parts.map((part) => part.digits.length).filter((length) => length > 0))
  const missing: string[] = []
  for (let number = 1; number < last && missing.length < maxMissing; number++) {
    if (!have.has(number)) missing.push(nameOf(first, number, width))
  }
  if (first.kind === 'zip-disks' && !have.has(Number.POSITIVE_INFINITY)) missing.push(`${first.stem}.zip`)
  return missing
}

function nameOf({ kind, stem, ending }: Part, number: number, width: number): string {
  const digits = `${number}`.padStart(width, '0')
  switch (kind) {
    case 'rar-parts':
      return `${stem}.part${digits}${ending}`
    case 'rar-volumes': {
      const place = number - 2
      const letter = String.fromCharCode('r'.charCodeAt(0) + Math.floor(place / 100))
      return number === 1 ? `${stem}.rar` : `${stem}.${letter}${`${place % 100}`.padStart(2, '0')}`
    }
    case 'zip-disks':
      return `${stem}.z${digits}`
    case 'split':
      return `${stem}${ending}.${digits}`
    default:
      return kind satisfies never
  }
}
