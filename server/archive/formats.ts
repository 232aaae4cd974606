/** The formats that can be unpacked; `joined` is a plain file that was split into pieces. */
export type Format =
  | 'zip'
  | '7z'
  | 'rar'
  | 'tar'
  | 'tar.gz'
  | 'tar.bz2'
  | 'tar.xz'
  | 'tar.zst'
  | 'gz'
  | 'bz2'
  | 'xz'
  | 'zst'
  | 'joined'

const byExtension: readonly (readonly [RegExp, Format])[] = [
  [/\.(tar\.gz|tgz|taz)$/i, 'tar.gz'],
  [/\.(tar\.bz2|tbz2?|tb2)$/i, 'tar.bz2'],
  [/\.(tar\.xz|txz)$/i, 'tar.xz'],
  [/\.(tar\.zst|tzst)$/i, 'tar.zst'],
  [/\.zip$/i, 'zip'],
  [/\.7z$/i, '7z'],
  [/\.rar$/i, 'rar'],
  [/\.tar$/i, 'tar'],
  [/\.gz$/i, 'gz'],
  [/\.bz2$/i, 'bz2'],
  [/\.xz$/i, 'xz'],
  [/\.zst$/i, 'zst'],
]

/**
 * The format that a name stands for. Archives that people want to keep packed (jar, apk, docx, xlsx, odt, epub, cbz, cbr, iso, dmg,
 * exe, deb) have none.
 */
export function formatOfName(name: string): Format | null {
  return byExtension.find(([extension]) => extension.test(name))?.[1] ?? null
}

/** The name without the extension of its format: the name of a single compressed file after unpacking. */
export function unpackedName(name: string): string {
  const extension = byExtension.find(([pattern]) => pattern.test(name))?.[0]
  const stem = extension === undefined ? name : name.replace(extension, '')
  return stem === '' ? 'unnamed' : stem
}

/** The format of the first bytes, among those that are commonly split into pieces; otherwise null. */
export function formatOfBytes(head: Buffer): Format | null {
  const known: Format[] = ['7z', 'rar', 'zip']
  return known.find((format) => hasBytesOf(format, head)) ?? null
}

/** How many bytes `hasBytesOf` needs. */
export const headBytes = 512

/** True when the first bytes match the format. */
export function hasBytesOf(format: Format, head: Buffer): boolean {
  const starts = (hex: string) => head.subarray(0, hex.length / 2).toString('hex') === hex
  switch (format) {
    case 'zip':
      return starts('504b0304') || starts('504b0506') || starts('504b0708') || starts('504b3030504b0304')
    case '7z':
      return starts('377abcaf271c')
    case 'rar':
      return starts('526172211a0700') || starts('526172211a070100')
    case 'tar':
      return isTarHeader(head)
    case 'gz':
    case 'tar.gz':
      return starts('1f8b08')
    case 'bz2':
    case 'tar.bz2':
      return starts('425a68') && (head[3] ?? 0) >= 0x31 && (head[3] ?? 0) <= 0x39
    case 'xz':
    case 'tar.xz':
      return starts('fd377a585a00')
    case 'zst':
    case 'tar.zst':
      return starts('28b52ffd')
    case 'joined':
      return true
    default:
      return format satisfies never
  }
}

/**
 * True for a tar header. It is recognized by its checksum, because the old format has no magic number. Source: POSIX.1-2017, pax,
 * "ustar Interchange Format".
 */
export function isTarHeader(block: Buffer): boolean {
  if (block.length < 512) return false
  const storedSum = Number.parseInt(block.subarray(148, 156).toString('latin1').replaceAll('\0', ' ').trim(), 8)
  let sum = 8 * 0x20
  for (const [place, byte] of block.subarray(0, 512).entries()) {
    if (place < 148 || place >= 156) sum += byte
  }
  return sum === storedSum && sum > 8 * 0x20
}

/**
 * How much memory unpacking an xz file needs, from the header of its first block; 0 when unknown. Source: .xz file format 1.2.1, 3.1
 * and 5.3.1.
 */
export function xzMemoryBytes(head: Buffer): number {
  const header = head.subarray(12, 12 + ((head[12] ?? 0) + 1) * 4)
  const filter = header.indexOf(Buffer.from([0x21, 0x01]))
  const bits = filter === -1 ? 0 : (header[filter + 2] ?? 0)
  return bits > 40 ? 0 : (2 | (bits & 1)) * 2 ** (Math.floor(bits / 2) + 11)
}
