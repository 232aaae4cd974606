import type WebTorrent from 'webtorrent'
import type { Torrent as Swarm } from 'webtorrent'
import type { Gate } from '../../engine/net/gate.ts'
import { asUnknown } from './client.ts'
import { type Magnet, readMagnet } from './magnet.ts'
import type { FromWorker, WorkerJob } from './messages.ts'
import { NoStore } from './no-store.ts'
import type { Run } from './run.ts'
import { scrape } from './scrape.ts'
import { joinSwarm } from './swarm.ts'
import { readTorrent, type Torrent, wrapInfo } from './torrent-file.ts'
import type { TorrentSource } from './types.ts'
import { onMetadata } from './webtorrent-internals.ts'

interface LookupOptions {
  client: WebTorrent
  gate: Gate
  find: (infoHash: string) => Run | null
  send: (message: FromWorker) => void
}

interface MetadataLookup {
  lookUp(id: number, source: TorrentSource): void
  stop(id: number): void
  /**
   * Ends the lookup of a torrent that is about to run. Its callers get their answer from the run, once the returned function is called.
   */
  yieldTo(job: WorkerJob): Promise<() => void>
  infoHashOf(source: TorrentSource): string
}

interface Search {
  swarm: Swarm
  found: PromiseWithResolvers<Torrent>
  watchers: Set<number>
}

/**
 * Finds out what torrents contain: files are read, and peers are asked about magnet links, once for all lookups of the same
 * torrent.
 */
export function createMetadataLookup({ client, gate, find, send }: LookupOptions): MetadataLookup {
  const searches = new Map<string, Search>()
  const stops = new Map<number, AbortController>()

  const run = async (id: number, source: TorrentSource, signal: AbortSignal) => {
    const magnet = 'magnet' in source ? readMagnet(source.magnet) : null
    const file = 'torrentFile' in source ? readTorrent(source.torrentFile) : null
    const infoHash = magnet?.infoHash ?? file?.info.infoHash ?? ''
    const scraped = scrape(infoHash, magnet?.trackers ?? file?.trackers ?? [], signal)
    const torrent = file ?? (magnet === null ? null : await search(id, magnet, signal))
    if (torrent === null) return
    const sharing = await scraped
    signal.throwIfAborted()
    const metadata = { ...torrent.info, seeds: sharing?.seeds ?? null, peers: sharing?.peers ?? null }
    send({ type: 'looked-up', id, metadata })
  }
  const search = async (id: number, magnet: Magnet, signal: AbortSignal): Promise<Torrent> => {
    for (;;) {
      const running = find(magnet.infoHash)
      const known = running?.torrent()
      if (known) return known
      if (running === null) break
      await new Promise((resolve) => setTimeout(resolve, 100))
      signal.throwIfAborted()
    }
    const current = searches.get(magnet.infoHash) ?? startSearch(magnet)
    for (const peer of magnet.peers)
      if (!current.swarm.destroyed && current.swarm.discovery) current.swarm.addPeer(peer)
    current.watchers.add(id)
    const leave = () => {
      current.watchers.delete(id)
      if (current.watchers.size === 0) void endSearch(magnet.infoHash)
    }
    signal.addEventListener('abort', leave, { once: true })
    try {
      return await current.found.promise
    } catch (error) {
      if (!(error instanceof Yielded) || signal.aborted) throw error
      return await search(id, magnet, signal)
    } finally {
      signal.removeEventListener('abort', leave)
      leave()
    }
  }
  const startSearch = (magnet: Magnet): Search => {
    const swarm = client.add(asUnknown(magnet), { store: NoStore, storeCacheSlots: 0 })
    const found = Promise.withResolvers<Torrent>()
    found.promise.catch(() => null)
    joinSwarm(swarm, { gate, infoBytes: () => null, onUploaded: () => null })
    onMetadata(swarm, async (metadata) => {
      if (!(metadata instanceof Uint8Array)) return
      try {
        found.resolve(readTorrent(wrapInfo(metadata, magnet.trackers)))
      } catch (error) {
        found.reject(error)
      }
    })
    swarm.on('error', found.reject)
    swarm.on('warning', () => null)
    const search = { swarm, found, watchers: new Set<number>() }
    searches.set(magnet.infoHash, search)
    return search
  }
  const endSearch = async (infoHash: string) => {
    const search = searches.get(infoHash)
    searches.delete(infoHash)
    if (search === undefined || search.swarm.destroyed) return
    await new Promise<void>((resolve) => search.swarm.destroy(() => resolve()))
  }
  const infoHashOf = (source: TorrentSource) =>
    'magnet' in source ? readMagnet(source.magnet).infoHash : readTorrent(source.torrentFile).info.infoHash
  return {
    lookUp: (id, source) => {
      const stop = new AbortController()
      stops.set(id, stop)
      run(id, source, stop.signal)
        .catch((error: unknown) => {
          if (stop.signal.aborted) return
          send({ type: 'failed', id, sentence: error instanceof Error ? error.message : `${error}`, code: null })
        })
        .finally(() => stops.delete(id))
    },
    stop: (id) => stops.get(id)?.abort(),
    yieldTo: async ({ source }) => {
      const infoHash = infoHashOf(source)
      const search = searches.get(infoHash)
      await endSearch(infoHash)
      return () => search?.found.reject(new Yielded())
    },
    infoHashOf,
  }
}

/** The torrent is running now, and its metadata comes from there. */
class Yielded extends Error {}
