import WebTorrent, { type Parsed } from 'webtorrent'
import Peer from 'webtorrent/lib/peer.js'
import { trimEnd } from '../../engine/text/trim-end.ts'
import { installDirectPipe } from './direct-pipe.ts'
import { isLoopback } from './guard.ts'
import { paddingMark } from './guarded-fetch.ts'
import type { Magnet } from './magnet.ts'
import type { WorkerOptions } from './messages.ts'
import type { RateLimits } from './rate-limits.ts'
import type { Torrent } from './torrent-file.ts'

/** Per torrent. */
export const maxConnections = 100

/**
 * Starts webtorrent, on another port when its own is taken. There is no local discovery, and a router is asked to open a port
 * only when listening beyond this computer is enabled.
 */
export async function createClient(settings: WorkerOptions, limits: RateLimits): Promise<WebTorrent> {
  const { listen } = settings
  installDirectPipe(Peer.prototype, limits)
  try {
    return await open(settings)
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    if (!isTaken || listen.port === 0) throw error
    // Torrents still work on another port, but fewer peers can connect.
    return open({ ...settings, listen: { ...listen, port: 0 } })
  }
}

async function open({ listen, dht }: WorkerOptions): Promise<WebTorrent> {
  const isOpen = !isLoopback(listen.address)
  const client = new WebTorrent({
    torrentPort: listen.port,
    dhtPort: isOpen ? listen.port : 0,
    dht,
    lsd: false,
    utp: false,
    utPex: true,
    natUpnp: isOpen,
    natPmp: isOpen,
    secure: 1,
    maxConns: maxConnections,
    userAgent: 'Putdesk',
  })
  if (!client.listening) {
    await new Promise<void>((resolve, reject) => {
      client.once('listening', resolve)
      client.once('error', reject)
    })
  }
  return client
}

/** Converts a validated torrent to the form of webtorrent's own parser, which then never sees the file. */
export function asParsed(torrent: Torrent, magnet: Magnet | null): Parsed {
  const { info, hashes, pieceCount, pieceLength, length } = torrent
  const hex = hashes.toString('hex')
  return {
    infoHash: info.infoHash,
    name: info.name,
    announce: [...new Set([...torrent.trackers, ...(magnet?.trackers ?? [])])],
    urlList: [...new Set([...torrent.webSeeds, ...(magnet?.webSeeds ?? [])])].map((url) => seedAddress(url, torrent)),
    peerAddresses: magnet?.peers ?? [],
    private: info.isPrivate,
    info: {},
    // Empty files have no bytes to request.
    files: withBytes(torrent).map((file) => ({
      // Only web seeds use it.
      path: file.index === null ? paddingMark : file.remotePath.join('/'),
      name: `${file.index ?? 'padding'}`,
      length: file.sizeBytes,
      offset: file.offset,
    })),
    length,
    pieceLength,
    lastPieceLength: length - pieceLength * (pieceCount - 1),
    pieces: Array.from({ length: pieceCount }, (_, index) => hex.slice(index * 40, index * 40 + 40)),
  }
}

/**
 * The URL of a torrent on a web seed. For a single file, webtorrent uses the URL unchanged, although it may be that of a folder.
 * Source: BEP 19.
 */
export function seedAddress(url: string, torrent: Torrent): string {
  const [only, ...others] = withBytes(torrent)
  if (only === undefined || others.length > 0 || !(torrent.info.isFolder || url.endsWith('/'))) return url
  return `${trimEnd(url, '/')}/${only.remotePath.join('/')}`
}

function withBytes({ placed }: Torrent): Torrent['placed'] {
  return placed.filter(({ sizeBytes }) => sizeBytes > 0)
}

/** What webtorrent needs to find a torrent whose metadata is not known yet. */
export function asUnknown(magnet: Magnet): Parsed {
  return {
    infoHash: magnet.infoHash,
    name: magnet.name ?? magnet.infoHash,
    announce: magnet.trackers,
    urlList: magnet.webSeeds,
    peerAddresses: magnet.peers,
  }
}
