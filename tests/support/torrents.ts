import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { createTorrentEngine, type RunningTorrent, type TorrentEngine } from '../../server/torrent/engine.ts'
import type { TorrentInfo, TorrentResume, TorrentSource, TorrentState } from '../../server/torrent/types.ts'
import { temporaryFolder } from './temp-folder.ts'

/** A value to bencode. */
export type Value = number | string | Uint8Array | Value[] | { [key: string]: Value }

/** Bencodes a value, with sorted keys. Source: BEP 3. */
export function bencode(value: Value): Buffer {
  if (typeof value === 'number') return Buffer.from(`i${value}e`)
  if (typeof value === 'string') return Buffer.from(`${Buffer.byteLength(value)}:${value}`)
  if (value instanceof Uint8Array) return Buffer.concat([Buffer.from(`${value.length}:`), value])
  if (Array.isArray(value)) return Buffer.concat([Buffer.from('l'), ...value.map(bencode), Buffer.from('e')])
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return Buffer.concat([
    Buffer.from('d'),
    ...entries.flatMap(([key, entry]) => [bencode(key), bencode(entry)]),
    Buffer.from('e'),
  ])
}

/** A torrent made by a test, with its content in a folder as libtorrent expects it. */
export interface MadeTorrent {
  bytes: Buffer
  infoBytes: Buffer
  infoHash: string
  magnet: string
  /** The torrent file. */
  path: string
  /** The folder that contains the file or folder with the torrent's name. */
  folder: string
  contents: Buffer[]
  sizeBytes: number
  pieceLength: number
}

export interface MadeFile {
  path: string[]
  bytes: Buffer
  attributes?: string
}

/** Makes a torrent of random bytes, or of the given files; one file without a path gives a single-file torrent. */
export async function makeTorrent(
  options: {
    name?: string
    sizeBytes?: number
    files?: MadeFile[]
    pieceLength?: number
    extra?: Record<string, Value>
    info?: Record<string, Value>
    /** False when its names cannot be those of real files. */
    isStored?: boolean
  } = {},
): Promise<MadeTorrent> {
  const { name = 'album', pieceLength = 32 * 1024, extra = {}, info = {} } = options
  const files = options.files ?? [{ path: [], bytes: randomBytes(options.sizeBytes ?? 1024 * 1024) }]
  const folder = await newFolder()
  const whole = Buffer.concat(files.map(({ bytes }) => bytes))
  const isSingle = files.length === 1 && files[0]?.path.length === 0
  const hashes: Buffer[] = []
  for (let at = 0; at < whole.length; at += pieceLength) {
    hashes.push(
      createHash('sha1')
        .update(whole.subarray(at, at + pieceLength))
        .digest(),
    )
  }
  const infoBytes = bencode({
    name,
    'piece length': pieceLength,
    pieces: Buffer.concat(hashes),
    ...(isSingle
      ? { length: whole.length }
      : {
          files: files.map(({ path, bytes, attributes }) => ({
            path,
            length: bytes.length,
            ...(attributes === undefined ? {} : { attr: attributes }),
          })),
        }),
    ...info,
  })
  const bytes = Buffer.concat([bencode(extra).subarray(0, -1), Buffer.from('4:info'), infoBytes, Buffer.from('e')])
  const path = join(folder, 'made.torrent')
  await writeFile(path, bytes)
  for (const file of options.isStored === false ? [] : files) {
    const target = join(folder, name, ...file.path)
    await mkdir(dirname(target), { recursive: true })
    if (file.attributes !== 'p') await writeFile(target, file.bytes)
  }
  const infoHash = createHash('sha1').update(infoBytes).digest('hex')
  return {
    bytes,
    infoBytes,
    infoHash,
    magnet: `magnet:?xt=urn:btih:${infoHash}`,
    path,
    folder,
    contents: files.map((file) => file.bytes),
    sizeBytes: whole.length,
    pieceLength,
  }
}

const folders: string[] = []
const children = new Set<ChildProcess>()
const closers: (() => Promise<unknown>)[] = []

/** A new private folder, removed by `cleanUp`. */
export async function newFolder(): Promise<string> {
  const folder = temporaryFolder('torrent')
  folders.push(folder)
  return folder
}

/** Ends everything that a test has started. */
export async function cleanUp(): Promise<void> {
  for (const close of closers.splice(0)) await close()
  for (const child of children) child.kill('SIGKILL')
  children.clear()
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
}

process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** Registers something to end with the test. */
export function onCleanUp(close: () => Promise<unknown>): void {
  closers.push(close)
}

/** The state that a libtorrent peer reports. */
interface PeerSays {
  uploaded: number
  downloaded: number
  peers: number
  isDone: boolean
  seconds: number
}

export interface OtherPeer {
  port: number
  address: string
  says: () => PeerSays
  stop: () => void
}

/** Starts a libtorrent peer in a process of its own, which seeds the torrent or fetches it. */
export async function startLibtorrent(
  torrent: Pick<MadeTorrent, 'path' | 'folder'>,
  options: {
    address?: string
    /** The folder to fetch into; without it, the peer seeds. */
    into?: string
    peers?: string[]
    /** The maximum rate at which it fetches, in bytes a second. */
    limit?: number
    /** Addresses of DHT nodes. If given, the peer takes part in the DHT. */
    dht?: string[]
    /** Makes and accepts encrypted connections only. */
    isEncrypted?: boolean
  } = {},
): Promise<OtherPeer> {
  const { address = '127.0.0.1', into, peers = [], limit = 0, dht, isEncrypted = false } = options
  const argv = [
    join(import.meta.dirname, 'seed-torrent.py'),
    torrent.path,
    into ?? torrent.folder,
    '--address',
    address,
    ...(into === undefined ? ['--seed'] : []),
    ...(isEncrypted ? ['--encrypted'] : []),
    ...peers.flatMap((peer) => ['--peer', peer]),
    ...['--limit', `${limit}`],
    ...(dht === undefined ? [] : ['--dht', ...dht.flatMap((node) => ['--dht-node', node])]),
  ]
  const child = spawn('/usr/bin/python3', argv, { stdio: ['ignore', 'pipe', 'pipe'] })
  children.add(child)
  const report: PeerSays = { uploaded: 0, downloaded: 0, peers: 0, isDone: false, seconds: 0 }
  const port = Promise.withResolvers<number>()
  let complaint = ''
  child.stderr.on('data', (chunk) => {
    complaint += chunk
  })
  child.once('exit', () => port.reject(new Error(`the libtorrent peer ended: ${complaint}`)))
  createInterface(child.stdout).on('line', (line) => {
    const fields: Partial<PeerSays> & { port?: number; done?: boolean } = JSON.parse(line)
    if (fields.port !== undefined) port.resolve(fields.port)
    if (fields.done === true) report.isDone = true
    Object.assign(report, fields)
  })
  return {
    port: await port.promise,
    address,
    says: () => report,
    stop: () => {
      child.kill('SIGKILL')
      children.delete(child)
    },
  }
}

/** Starts an engine that may reach this computer, and stops it at the end of the test. */
export function startEngine(options: Partial<Parameters<typeof createTorrentEngine>[0]> = {}): TorrentEngine {
  const engine = createTorrentEngine({
    allowHosts: ['127.0.0.1', '127.0.0.2', '127.0.0.3'],
    dht: false,
    report: (error) => errors.push(error),
    ...options,
  })
  closers.unshift(() => engine.close())
  return engine
}

/** Errors that engines reported since the test began. */
export const errors: unknown[] = []

/** A torrent under test, with its events. */
export interface Watched {
  running: RunningTorrent
  folder: string
  infos: TorrentInfo[]
  states: TorrentState[]
  resume: () => TorrentResume | null
  state: () => TorrentState | undefined
}

/** Starts a torrent and records its events. */
export async function watch(
  engine: TorrentEngine,
  source: TorrentSource,
  options: {
    folder?: string
    resume?: TorrentResume | null
    bootId?: string
    onMetadata?: (info: TorrentInfo) => void | Promise<void>
  } = {},
): Promise<Watched> {
  const folder = options.folder ?? (await newFolder())
  const infos: TorrentInfo[] = []
  const states: TorrentState[] = []
  let resume = options.resume ?? null
  const running = engine.start({
    source,
    folder,
    resume,
    bootId: options.bootId ?? 'this boot',
    onMetadata: async (info) => {
      infos.push(info)
      await options.onMetadata?.(info)
    },
    onState: (state) => states.push(state),
    onCheckpoint: (record) => {
      resume = record
    },
  })
  return { running, folder, infos, states, resume: () => resume, state: () => states.at(-1) }
}

/** Reads the stored files of a torrent in order; null for a missing file. */
export function stored({ folder }: { folder: string }, count: number): Promise<(Buffer | null)[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => readFile(join(folder, `${index}`)).catch(() => null)))
}

/** A magnet link that names peers. */
export function magnetTo(torrent: MadeTorrent, ...peers: { address: string; port: number }[]): TorrentSource {
  const known = peers.map(({ address, port }) => `&x.pe=${address}:${port}`).join('')
  return { magnet: `${torrent.magnet}${known}` }
}

/** Counts the connections made to an address. */
export async function countConnections(address: string): Promise<{ port: number; count: () => number }> {
  let count = 0
  const server = net.createServer((socket) => {
    count += 1
    socket.destroy()
  })
  return { port: await serve(server, address), count: () => count }
}

/** The port that a server listens on. */
export function portOf(server: net.Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Listens on a free port of an address, until the test ends. */
export async function serve(server: net.Server, address = '127.0.0.1'): Promise<number> {
  const sockets = new Set<net.Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(resolve)
        // A client that keeps its connection open would hold it up.
        for (const socket of sockets) socket.destroy()
      }),
  )
  return portOf(server)
}
