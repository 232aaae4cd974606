/** The naming schemes of parts: `.part1.rar`; `.rar`, `.r00`; `.z01`, `.zip`; `.001`. */
type PartsKind = 'rar-parts' | 'rar-volumes' | 'zip-disks' | 'split'

/** Names that are the parts of one archive. */
export interface PartGroup {
  /** The name without extensions, as written in the first part. */
  name: string
  kind: PartsKind
  /** The indexes of its parts among the given names, in reading order. */
  partIndexes: number[]
  /** The same, grouped by volume: a volume may be split into pieces (`x.part1.rar.001`). */
  volumes: { name: string; indexes: number[] }[]
  /** The parts that are missing before the last one; at most a hundred. */
  missing: string[]
}

interface Part {
  volume: Volume
  number: number
  /** The number as written, for naming missing parts. */
  digits: string
  stem: string
  /** The extension shared by all parts, as written. */
  ending: string
  kind: PartsKind
}

const maxMissing = 100
const maxNameLength = 2048
/** A quick check: names that do not match are not parsed further. */
const canBePart = /(?:\.rar|\.zip|\d)$/i
const archiveEnding = /\.(?:tar\.(?:gz|bz2|xz|zst)|zip|7z|rar|tar|t[gx]z|tbz2?|tzst|gz|bz2|xz|zst)$/i

/**
 * Groups names that are parts of one archive, in any order and ignoring case. Names in no group are in `rest`: a single `x.rar`,
 * `x.zip` or `x.001` is an archive or a file by itself. `keyOf` separates names further, such as by folder or host. The name of a
 * group is spelled as in the links: Put.io's sample shows `ABCDE` for `abcde.part1.rar`, but no rule for capitals is documented.
 * Source: API docs, "Analyzing links" (multipart).
 */
export function groupParts(
  names: readonly string[],
  keyOf: (index: number) => string = () => '',
): { groups: PartGroup[]; rest: number[] } {
  const all = names.map((name, index) => ({ name, indexes: [index] }))
  const cut = group(all, keyOf)
  // The pieces of a split volume are one volume of its set.
  const volumes = cut.flatMap((set) => (isSplitVolume(set) ? [{ name: wholeName(set), indexes: set.partIndexes }] : []))
  const isPiece = new Set(volumes.flatMap(({ indexes }) => indexes))
  const others = all.filter(({ indexes: [index = -1] }) => !isPiece.has(index))
  const whole = volumes.length === 0 ? cut : group([...others, ...volumes], keyOf)
  const missingPieces = new Map(cut.filter(isSplitVolume).map((set) => [set.partIndexes[0] ?? -1, set.missing]))
  const groups = whole.map((set) => {
    const pieces = set.volumes.flatMap(({ indexes: [first = -1] }) => missingPieces.get(first) ?? [])
    // A split volume without a set already reports its own missing parts.
    return isSplitVolume(set) ? set : { ...set, missing: [...set.missing, ...pieces].slice(0, maxMissing) }
  })
  groups.sort((a, b) => Math.min(...a.partIndexes) - Math.min(...b.partIndexes))
  const grouped = new Set(groups.flatMap(({ partIndexes }) => partIndexes))
  return { groups, rest: [...names.keys()].filter((index) => !grouped.has(index)) }
}

interface Volume {
  name: string
  indexes: number[]
}

function group(volumes: readonly Volume[], keyOf: (index: number) => string): PartGroup[] {
  const sets = new Map<string, Part[]>()
  for (const volume of volumes) {
    const part = parse(volume)
    if (part === null) continue
    const key = JSON.stringify([keyOf(volume.indexes[0] ?? 0), part.kind, fold(part.stem), fold(part.ending)])
    const set = sets.get(key)
    if (set === undefined) sets.set(key, [part])
    else set.push(part)
  }
  return [...sets.values()].flatMap(separate).flatMap((set) => toGroup(set.sort((a, b) => a.number - b.number)))
}

/**
 * Separates two sets of one name with different numbering (`part1`, `part01`). Of a repeated part, the first is used; the others
 * stay single files.
 */
function separate(parts: Part[]): Part[][] {
  const once = firstOfEach(parts)
  if (once.length === parts.length) return [parts]
  const padded = firstOfEach(parts.filter(({ digits }) => digits.startsWith('0')))
  const plain = firstOfEach(parts.filter(({ digits }) => !digits.startsWith('0')))
  return padded.length > 1 && plain.length > 1 ? [padded, plain] : [once]
}

function firstOfEach(parts: readonly Part[]): Part[] {
  const byNumber = new Map<number, Part>()
  for (const part of parts) if (!byNumber.has(part.number)) byNumber.set(part.number, part)
  return [...byNumber.values()]
}

/** True for the pieces of a volume. A plain `.rar` that was split is usually a complete archive, not a volume. */
function isSplitVolume(set: PartGroup): boolean {
  return set.kind === 'split' && /\.(?:part\d{1,4}\.rar|[r-v]\d\d)$/i.test(wholeName(set))
}

/** The name of the file that was split. */
function wholeName(set: PartGroup): string {
  return (set.volumes[0]?.name ?? '').replace(/\.\d+$/, '')
}

function fold(text: string): string {
  return text.normalize('NFC').toLowerCase()
}

/** Parses a name. Numbers start at 1, in reading order; the `.zip` of a disk set comes last, as infinity. */
function parse(volume: Volume): Part | null {
  const { name } = volume
  if (name.length > maxNameLength || !canBePart.test(name)) return null
  const [, stem = '', digits = '', ending = ''] =
    /^(.+)\.part(\d{1,4})(\.rar)$/is.exec(name) ?? /^(.+)\.(?:rar|([r-v]\d\d))$/is.exec(name) ?? []
  if (ending !== '') return numbered({ volume, number: Number(digits), digits, stem, ending, kind: 'rar-parts' })
  if (stem !== '') return { volume, number: volumeNumber(digits), digits, stem, ending: '', kind: 'rar-volumes' }
  const [, zipStem = '', disk = ''] = /^(.+)\.(?:zip|z(\d{2,3}))$/is.exec(name) ?? []
  if (zipStem !== '') {
    const number = disk === '' ? Number.POSITIVE_INFINITY : Number(disk)
    return numbered({ volume, number, digits: disk, stem: zipStem, ending: '', kind: 'zip-disks' })
  }
  const [, whole = '', count = ''] = /^(.+)\.(\d{3,4})$/s.exec(name) ?? []
  if (whole === '' || (count.length > 3 && Number(count) < 1000)) return null
  const splitStem = whole.replace(archiveEnding, '')
  const isArchive = splitStem !== '' && splitStem !== whole
  return numbered({
    volume,
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
      partIndexes: parts.flatMap((part) => part.volume.indexes),
      volumes: parts.map((part) => part.volume),
      missing: missingOf(parts, first),
    },
  ]
}

/** True when the names can only be parts: `report.001` may be one, `report.2019` with `report.2020` is not. */
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
