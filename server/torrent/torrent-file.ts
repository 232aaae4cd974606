import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { type Bencoded, BencodeError, decodeBencode } from './bencode.ts'
import { safePaths } from './safe-paths.ts'
import { percentOf, Texts, utf8Of } from './torrent-texts.ts'
import { TorrentError, type TorrentInfo } from './types.ts'

const maxFiles = 200_000
const maxTrackers = 50
const maxWebSeeds = 20
const maxSegments = 64
const maxNesting = 4
const minPieceLength = 1024
const maxPieceLength = 64 * 1024 * 1024

/** A file at its position among the torrent's bytes. */
interface PlacedFile {
  offset: number
  sizeBytes: number
  /** Its index in `TorrentInfo.files`; null for padding, which is zeros that are never stored. Source: BEP 47. */
  index: number | null
  /** As in the torrent, for web seeds; never used on this computer. The original bytes, percent-encoded. */
  remotePath: string[]
}

/** A validated torrent file. */
export interface Torrent {
  info: TorrentInfo
  /** The bytes that the info hash is computed from. */
  infoBytes: Buffer
  pieceLength: number
  pieceCount: number
  /** The SHA-1 of each piece, 20 bytes each. */
  hashes: Buffer
  /** All files, including padding; together they make up every byte of the pieces. */
  placed: PlacedFile[]
  /** The length including padding. */
  length: number
  trackers: string[]
  webSeeds: string[]
}

/**
 * Parses and validates a torrent file. Harmless oddities are tolerated: trailing bytes, unknown keys, odd tracker lists. Throws a
 * `TorrentError` that says what is wrong. Source: BEP 3, 19, 27, 47, 52.
 */
export function readTorrent(bytes: Uint8Array): Torrent {
  const { value: root, spans, repeated } = decode(bytes)
  const span = spans.get('info')
  const infoValue = root instanceof Map ? root.get('info') : undefined
  if (!(root instanceof Map) || !(infoValue instanceof Map) || span === undefined)
    throw damaged('it describes no content')
  refuseRepeated(repeated, root, ['info'])
  refuseRepeated(repeated, infoValue, ['length', 'files', 'pieces', 'piece length'])
  const infoBytes = Buffer.from(bytes.slice(span.start, span.end))
  const encoding = root.get('encoding') ?? infoValue.get('encoding')
  const torrent = readInfo(infoValue, {
    infoBytes,
    torrentFile: Buffer.from(bytes),
    encoding: typeof encoding === 'string' ? encoding : null,
    refuseRepeatedKeys: (file) => refuseRepeated(repeated, file, ['length', 'path']),
  })
  // Some programs write the flag outside the info dictionary, where it can only make the torrent private.
  if (isMarked(root.get('private'))) torrent.info.isPrivate = true
  return { ...torrent, trackers: readTrackers(root), webSeeds: readWebSeeds(root.get('url-list')) }
}

/** Refuses repeated keys, because another program may use the other value. */
function refuseRepeated(
  repeated: ReturnType<typeof decode>['repeated'],
  dictionary: Map<string, Bencoded>,
  keys: string[],
): void {
  const twice = repeated.get(dictionary)
  const key = keys.find((one) => twice?.has(one))
  if (key !== undefined) throw damaged(`it says twice what its “${key}” is`)
}

/** Builds a torrent file from metadata received from peers, with the trackers of its magnet link. */
export function wrapInfo(infoBytes: Uint8Array, trackers: readonly string[]): Buffer {
  const text = (value: string) => `${Buffer.byteLength(value)}:${value}`
  const list = trackers.map((tracker) => `l${text(tracker)}e`).join('')
  const head = list === '' ? 'd4:info' : `d13:announce-listl${list}e4:info`
  return Buffer.concat([Buffer.from(head), infoBytes, Buffer.from('e')])
}

function decode(bytes: Uint8Array): ReturnType<typeof decodeBencode> {
  try {
    return decodeBencode(bytes)
  } catch (cause) {
    if (cause instanceof BencodeError)
      throw new TorrentError(`This is not a torrent file, or it is damaged. ${cause.message}`, { cause })
    throw cause
  }
}

interface Description {
  infoBytes: Buffer
  torrentFile: Buffer
  /** The encoding that the torrent declares for its texts, or null. */
  encoding: string | null
  refuseRepeatedKeys: (file: Map<string, Bencoded>) => void
}

function readInfo(info: Map<string, Bencoded>, description: Description) {
  const { infoBytes, torrentFile, encoding } = description
  const pieces = info.get('pieces')
  if (pieces === undefined && info.get('meta version') === 2) {
    throw new TorrentError('This torrent is of the second version only, which cannot be fetched yet.')
  }
  const pieceLength = info.get('piece length')
  if (typeof pieceLength !== 'number' || pieceLength < minPieceLength || pieceLength > maxPieceLength) {
    throw damaged('its piece length is not sensible')
  }
  if (typeof pieces !== 'string' || pieces.length % 20 !== 0) throw damaged('its checksums are cut off')
  const infoHash = createHash('sha1').update(infoBytes).digest('hex')
  const files = info.get('files')
  const isFolder = files !== undefined && !(Array.isArray(files) && files.length === 0 && info.has('length'))
  const rawName = textOf(info.get('name')) ?? textOf(info.get('name.utf-8')) ?? `torrent ${infoHash.slice(0, 8)}`
  const listed = isFolder ? readFiles(files, description) : [readSingle(info.get('length'), rawName)]
  const placed = place(listed, isFolder ? [rawName] : [])
  const length = placed.reduce((sum, file) => sum + file.sizeBytes, 0)
  if (!Number.isSafeInteger(length)) throw damaged('its size is not sensible')
  const shown = listed.filter(({ isPadding }) => !isPadding)
  const texts = new Texts([rawName, ...shown.flatMap(({ path }) => path)], encoding)
  const name = utf8Of(textOf(info.get('name.utf-8'))) ?? texts.read(rawName)
  const sizeBytes = shown.reduce((sum, file) => sum + file.sizeBytes, 0)
  if (sizeBytes === 0) throw new TorrentError(`The torrent “${name.slice(0, 100)}” holds nothing.`)
  const pieceCount = pieces.length / 20
  if (Math.ceil(length / pieceLength) !== pieceCount) throw damaged('its checksums do not fit its size')
  const paths = safePaths(isFolder ? shown.map(({ path, utf8Path }) => utf8Path ?? path.map(texts.read)) : [[name]])
  return {
    info: {
      name,
      infoHash,
      sizeBytes,
      isFolder,
      files: shown.map((file, index) => ({ path: paths[index] ?? ['unnamed'], sizeBytes: file.sizeBytes })),
      isPrivate: isMarked(info.get('private')),
      torrentFile,
    },
    infoBytes,
    pieceLength,
    pieceCount,
    hashes: Buffer.from(pieces, 'latin1'),
    placed,
    length,
  }
}

/** A file as the torrent lists it. Texts are bytes, one character each. */
interface ListedFile {
  path: string[]
  /** The path in UTF-8 that accompanies it, or null. */
  utf8Path: string[] | null
  sizeBytes: number
  isPadding: boolean
}

function readSingle(length: Bencoded | undefined, rawName: string): ListedFile {
  return { path: [rawName], utf8Path: null, sizeBytes: readSize(length), isPadding: false }
}

function readFiles(files: Bencoded | undefined, { refuseRepeatedKeys }: Description): ListedFile[] {
  if (!Array.isArray(files)) throw damaged('its list of files is not one')
  if (files.length > maxFiles) throw new TorrentError(`This torrent has more than ${maxFiles} files.`)
  return files.flatMap((file) => {
    if (!(file instanceof Map)) throw damaged('its list of files is not one')
    refuseRepeatedKeys(file)
    const utf8 = readPath(file.get('path.utf-8'))
    const path = readPath(file.get('path')) ?? utf8
    if (path === null) throw damaged('a file in it has no sensible path')
    const sizeBytes = readSize(file.get('length'))
    // A path with an empty last segment is a folder.
    if (sizeBytes === 0 && path.at(-1) === '') return []
    const utf8Path = utf8?.map(utf8Of) ?? []
    const isBetter = utf8Path.length > 0 && utf8Path.every((segment) => segment !== null)
    const attributes = file.get('attr')
    return {
      path: path.filter((segment) => segment !== ''),
      utf8Path: isBetter ? utf8Path : null,
      sizeBytes,
      isPadding: typeof attributes === 'string' && attributes.includes('p'),
    }
  })
}

/** The segments of a path, or null when it is invalid. */
function readPath(value: Bencoded | undefined): string[] | null {
  const path = typeof value === 'string' ? [value] : value
  if (!Array.isArray(path) || path.length > maxSegments) return null
  return path.filter((segment) => typeof segment === 'string')
}

/** Places the files one after another. */
function place(files: ListedFile[], folder: string[]): PlacedFile[] {
  let offset = 0
  let index = 0
  return files.map(({ path, sizeBytes, isPadding }) => {
    const remotePath = [...folder, ...path].map(percentOf)
    const placed = { offset, sizeBytes, index: isPadding ? null : index, remotePath }
    offset += sizeBytes
    if (!isPadding) index += 1
    return placed
  })
}

function readSize(value: Bencoded | undefined): number {
  if (typeof value !== 'number' || value < 0) throw damaged('a file in it has no sensible size')
  return value
}

function textOf(value: Bencoded | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

function isMarked(value: Bencoded | undefined): boolean {
  return typeof value === 'number'
    ? value !== 0
    : value === null || (typeof value === 'string' && /^\s*1\s*$/.test(value))
}

function readTrackers(root: Map<string, Bencoded>): string[] {
  const listed = [root.get('announce-list'), root.get('announce')].flatMap((value) => textsIn(value, maxNesting))
  // One text may contain several URLs.
  return validTrackers(listed.flatMap((text) => text.split(/\s+/)))
}

/** The texts in nested lists of any shape. */
function textsIn(value: Bencoded | undefined, levels: number): string[] {
  if (Array.isArray(value)) return levels === 0 ? [] : value.flatMap((entry) => textsIn(entry, levels - 1))
  return typeof value === 'string' ? [decodeUrl(value)] : []
}

/** The usable trackers among texts: http, https or udp, each once, limited in number. */
export function validTrackers(texts: string[]): string[] {
  const sound = texts
    .map((text) => text.trim())
    .filter((text) => URL.canParse(text) && /^(https?|udp):\/\/./i.test(text))
  return [...new Set(sound)].slice(0, maxTrackers)
}

function readWebSeeds(value: Bencoded | undefined): string[] {
  return validWebSeeds(textsIn(value, maxNesting))
}

/** The usable web seeds among texts: http or https, each once, limited in number. Source: BEP 19. */
export function validWebSeeds(texts: string[]): string[] {
  const sound = texts.map((text) => text.trim()).filter((text) => URL.canParse(text) && /^https?:\/\/./i.test(text))
  return [...new Set(sound)].slice(0, maxWebSeeds)
}

/** Decodes a URL; non-ASCII bytes that are not UTF-8 are percent-encoded. */
function decodeUrl(value: string): string {
  const bytes = Buffer.from(value, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : value.replace(/[^\0-\x7f]/g, percentOf)
}

function damaged(what: string): TorrentError {
  return new TorrentError(`This torrent file is damaged: ${what}.`)
}
