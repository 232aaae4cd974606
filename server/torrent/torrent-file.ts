import { createHash } from 'node:crypto'
import { type Bencoded, BencodeError, decodeBencode } from './bencode.ts'
import { safePaths } from './safe-paths.ts'
import { TorrentError, type TorrentInfo } from './types.ts'

const maxFiles = 200_000
const maxTrackers = 50
const maxWebSeeds = 20
const maxSegments = 64
const minPieceLength = 1024
const maxPieceLength = 64 * 1024 * 1024

/** A file at its place among the torrent's bytes. */
interface PlacedFile {
  offset: number
  sizeBytes: number
  /** Its place in `TorrentInfo.files`; null for padding, which is zeros that nobody stores. Source: BEP 47. */
  index: number | null
  /** As in the torrent, for web seeds; never used on this computer. */
  remotePath: string[]
}

/** A torrent file that was checked whole. */
export interface Torrent {
  info: TorrentInfo
  /** The bytes that the info hash is of. */
  infoBytes: Buffer
  pieceLength: number
  pieceCount: number
  /** The SHA-1 of each piece, 20 bytes each. */
  hashes: Buffer
  /** All of them, padding too; together they make up every byte of the pieces. */
  placed: PlacedFile[]
  /** Bytes with padding. */
  length: number
  trackers: string[]
  webSeeds: string[]
}

/** Reads and checks a torrent file. Throws a `TorrentError` that says what is wrong with it. Source: BEP 3, 19, 27, 47, 52. */
export function readTorrent(bytes: Uint8Array): Torrent {
  const { value: root, spans } = decode(bytes)
  const span = spans.get('info')
  const infoValue = root instanceof Map ? root.get('info') : undefined
  if (!(root instanceof Map) || !(infoValue instanceof Map) || span === undefined)
    throw damaged('it describes no content')
  const infoBytes = Buffer.from(bytes.slice(span.start, span.end))
  return {
    ...readInfo(infoValue, infoBytes, Buffer.from(bytes)),
    trackers: readTrackers(root),
    webSeeds: readWebSeeds(root.get('url-list')),
  }
}

/** Makes a torrent file of the description that peers gave, with the trackers of its magnet link. */
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
    if (cause instanceof BencodeError) throw new TorrentError(`This is not a torrent file. ${cause.message}`, { cause })
    throw cause
  }
}

function readInfo(info: Map<string, Bencoded>, infoBytes: Buffer, torrentFile: Buffer) {
  const pieces = info.get('pieces')
  if (pieces === undefined && info.get('meta version') === 2) {
    throw new TorrentError('This torrent is of the second version only, which cannot be fetched yet.')
  }
  const pieceLength = info.get('piece length')
  if (typeof pieceLength !== 'number' || pieceLength < minPieceLength || pieceLength > maxPieceLength) {
    throw damaged('its piece length is not sensible')
  }
  if (typeof pieces !== 'string' || pieces.length % 20 !== 0) throw damaged('its checksums are cut off')
  const name = readText(info.get('name.utf-8') ?? info.get('name'))
  if (name === null) throw damaged('it has no name')
  const listed = info.get('files')
  const isFolder = listed !== undefined
  const placed = isFolder ? readFiles(listed, name) : readSingle(info.get('length'), name)
  const length = placed.reduce((sum, file) => sum + file.sizeBytes, 0)
  if (!Number.isSafeInteger(length)) throw damaged('its size is not sensible')
  const shown = placed.filter(({ index }) => index !== null)
  const sizeBytes = shown.reduce((sum, file) => sum + file.sizeBytes, 0)
  if (sizeBytes === 0) throw new TorrentError(`The torrent “${name.slice(0, 100)}” holds nothing.`)
  const pieceCount = pieces.length / 20
  if (Math.ceil(length / pieceLength) !== pieceCount) throw damaged('its checksums do not fit its size')
  const paths = safePaths(shown.map(({ remotePath }) => (isFolder ? remotePath.slice(1) : remotePath)))
  return {
    info: {
      name,
      infoHash: createHash('sha1').update(infoBytes).digest('hex'),
      sizeBytes,
      isFolder,
      files: shown.map((file, index) => ({ path: paths[index] ?? ['unnamed'], sizeBytes: file.sizeBytes })),
      isPrivate: info.get('private') === 1,
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

function readSingle(length: Bencoded | undefined, name: string): PlacedFile[] {
  return [{ offset: 0, sizeBytes: readSize(length), index: 0, remotePath: [name] }]
}

function readFiles(listed: Bencoded, name: string): PlacedFile[] {
  if (!Array.isArray(listed)) throw damaged('its list of files is not one')
  if (listed.length > maxFiles) throw new TorrentError(`This torrent has more than ${maxFiles} files.`)
  let offset = 0
  let index = 0
  return listed.map((file) => {
    if (!(file instanceof Map)) throw damaged('its list of files is not one')
    const path = file.get('path.utf-8') ?? file.get('path')
    if (!Array.isArray(path) || path.length > maxSegments) throw damaged('a file in it has no sensible path')
    const remotePath = path.map((segment) => readText(segment) ?? '')
    const sizeBytes = readSize(file.get('length'))
    const attributes = file.get('attr')
    const isPadding = typeof attributes === 'string' && attributes.includes('p')
    const placed = { offset, sizeBytes, index: isPadding ? null : index, remotePath: [name, ...remotePath] }
    offset += sizeBytes
    if (!isPadding) index += 1
    return placed
  })
}

function readSize(value: Bencoded | undefined): number {
  if (typeof value !== 'number' || value < 0) throw damaged('a file in it has no sensible size')
  return value
}

function readTrackers(root: Map<string, Bencoded>): string[] {
  const tiers = root.get('announce-list')
  const listed = Array.isArray(tiers) ? tiers.flatMap((tier) => (Array.isArray(tier) ? tier : [])) : []
  const all = [...listed, root.get('announce')].flatMap((value) => readText(value) ?? [])
  return soundTrackers(all)
}

/** The trackers among texts that can be asked: by http, https or udp, each once, not too many. */
export function soundTrackers(texts: string[]): string[] {
  const sound = texts.filter((text) => URL.canParse(text) && /^(https?|udp):\/\/./i.test(text))
  return [...new Set(sound)].slice(0, maxTrackers)
}

function readWebSeeds(value: Bencoded | undefined): string[] {
  const listed = Array.isArray(value) ? value : [value]
  return soundWebSeeds(listed.flatMap((entry) => readText(entry) ?? []))
}

/** The web seeds among texts: by http or https, each once, not too many. Source: BEP 19. */
export function soundWebSeeds(texts: string[]): string[] {
  const sound = texts.filter((text) => URL.canParse(text) && /^https?:\/\/./i.test(text))
  return [...new Set(sound)].slice(0, maxWebSeeds)
}

function readText(value: Bencoded | undefined): string | null {
  return typeof value === 'string' ? Buffer.from(value, 'latin1').toString('utf8') : null
}

function damaged(what: string): TorrentError {
  return new TorrentError(`This torrent file is damaged: ${what}.`)
}
