import type WebTorrent from 'webtorrent'
import type { ChunkStore, Torrent as Swarm } from 'webtorrent'
import type { Gate } from '../../engine/net/gate.ts'
import { Bits } from './bits.ts'
import { asParsed, asUnknown, maxConnections } from './client.ts'
import { Downloading } from './downloading.ts'
import type { FilePool } from './file-pool.ts'
import { IdleWires } from './idle-wires.ts'
import type { Magnet } from './magnet.ts'
import type { FromWorker, WorkerJob } from './messages.ts'
import { NoStore } from './no-store.ts'
import { PieceStore } from './piece-store.ts'
import { recheck } from './recheck.ts'
import { readSource, trustedPieces } from './resume.ts'
import { Stamps } from './stamps.ts'
import { joinSwarm } from './swarm.ts'
import { readTorrent, type Torrent, wrapInfo } from './torrent-file.ts'
import { TorrentError, type TorrentState } from './types.ts'
import { checkDone, handlePieces, markVerified, onMetadata, type PieceHandling } from './webtorrent-internals.ts'

/** A running torrent. */
export interface Run {
  infoHash: string
  /** The validated torrent, once it is known. */
  torrent: () => Torrent | null
  isSeeding: () => boolean
  accept(): void
  /** Fetches these pieces before all others, the most urgent first. */
  want(pieces: readonly number[]): void
  /** Asks the trackers and the DHT for peers now. */
  announce(): void
  /** Reports what changed since the last call. */
  tick(): void
  stop(): Promise<void>
}

interface RunOptions {
  client: WebTorrent
  gate: Gate
  pool: FilePool
  job: WorkerJob
  send: (message: FromWorker) => void
  /** Called when it ends by itself. */
  onEnd: () => void
}

/** Starts a torrent. Throws a `TorrentError` for a source that cannot be read. */
export function startRun(options: RunOptions): Run {
  const { client, gate, pool, job, send } = options
  const { magnet, torrent: known } = readSource(job)
  const infoHash = known?.info.infoHash ?? magnet?.infoHash ?? ''
  const accepted = Promise.withResolvers<void>()
  if (job.isAccepted) accepted.resolve()

  let torrent: Torrent | null = null
  let store: PieceStore | null = null
  let fetching: Downloading | null = null
  let verified = new Bits(0)
  let synced = new Bits(0)
  let stamps = new Stamps(0)
  let verifiedBytes = 0
  let verifiedCount = 0
  let uploadedBytes = job.resume?.infoHash === infoHash ? job.resume.uploadedBytes : 0
  let phase: 'finding' | 'checking' | 'working' | 'sharing' = known === null ? 'finding' : 'checking'
  let sentState = ''
  let isDirty = false
  let isEnded = false

  const fail = (error: unknown) => {
    if (isEnded) return
    const { message, code } = error instanceof TorrentError ? error : { message: sentenceOf(error), code: null }
    stop().then(
      () => send({ type: 'failed', id: job.id, sentence: message, code }),
      () => send({ type: 'failed', id: job.id, sentence: message, code }),
    )
    options.onEnd()
  }
  const count = (piece: number) => {
    if (verified.has(piece) || store === null) return
    verified.add(piece)
    verifiedBytes += store.lengthOf(piece)
    verifiedCount += 1
    isDirty = true
  }
  const checkpoint = () => {
    if (!isDirty || torrent === null) return
    isDirty = false
    const pieces = verified.toBase64()
    const syncedPieces = synced.toBase64()
    send({
      type: 'checkpoint',
      id: job.id,
      checkpoint: { pieces, syncedPieces, stamps: stamps.toBase64(), uploadedBytes },
    })
  }
  const finish = async () => {
    phase = 'sharing'
    await store?.finish()
    isDirty = true
    checkpoint()
    if (!isEnded) send({ type: 'done', id: job.id })
  }

  const prepare = async (swarm: Swarm, found: Torrent): Promise<void> => {
    send({ type: 'metadata', id: job.id, info: found.info })
    await accepted.promise
    torrent = found
    phase = 'checking'
    verified = new Bits(found.pieceCount)
    synced = new Bits(found.pieceCount)
    stamps = new Stamps(found.info.files.length)
    store = new PieceStore({
      torrent: found,
      folder: job.folder,
      pool,
      onSynced: (pieces, files) => {
        for (const piece of pieces) synced.add(piece)
        for (const [index, file] of files) stamps.note(index, file)
        isDirty = true
      },
    })
    const trusted = await trustedPieces(store, found, { job, stamps })
    for (const piece of trusted.synced) synced.add(piece)
    for (const piece of trusted.pieces) count(piece)
    takeOver(swarm, { found, pieces: store, doubtful: trusted.doubtful, verified: verified.bytes })
  }
  const takeOver = (
    swarm: Swarm,
    {
      found,
      pieces,
      doubtful,
      verified,
    }: { found: Torrent; pieces: PieceStore; doubtful: number[]; verified: Uint8Array },
  ) => {
    class Store implements ChunkStore {
      chunkLength = found.pieceLength
      get: ChunkStore['get'] = (index, range, done) => {
        const length = range?.length ?? pieces.lengthOf(index)
        pieces.read(index, range?.offset ?? 0, length).then(
          (bytes) => done(null, bytes),
          (error: Error) => done(error),
        )
      }
      put: ChunkStore['put'] = (_index, _bytes, done) => done(new Error('pieces are written by themselves'))
      close: ChunkStore['close'] = (done) => done(null)
      destroy: ChunkStore['destroy'] = (done) => done(null)
    }
    const onVerified = (piece: number) => {
      if (isEnded) return
      count(piece)
      markVerified(swarm, piece)
      for (const wire of swarm.wires) {
        wire.have(piece)
        downloading.fill(wire)
      }
      if (verifiedCount === found.pieceCount) checkDone(swarm)
    }
    const downloading = new Downloading({
      swarm,
      store: pieces,
      hashes: found.hashes,
      addressOf: (wire) => joined.addressOf(wire),
      onVerified,
      onCorrupt: (address) => joined.ban(address),
      onError: fail,
    })
    fetching = downloading
    const verify: PieceHandling['verify'] = (done) => {
      const onValid = (piece: number) => {
        pieces.adopt(piece)
        count(piece)
        markVerified(swarm, piece)
      }
      const go = () => {
        if (isEnded) return
        phase = 'working'
        done(null)
      }
      recheck({ store: pieces, torrent: found, pieces: doubtful, onValid, isStopped: () => isEnded }).then(go, fail)
    }
    handlePieces(swarm, { verified, store: Store, pick: (wire) => downloading.fill(wire), verify })
  }

  const swarm = client.add(known === null && magnet !== null ? asUnknown(magnet) : parsedOf(known, magnet), {
    store: NoStore,
    storeCacheSlots: 0,
    uploads: 20,
    getAnnounceOpts: () => ({
      uploaded: uploadedBytes,
      downloaded: verifiedBytes,
      left: torrent === null ? 16_384 : torrent.length - verifiedBytes,
    }),
  })
  const joined = joinSwarm(swarm, {
    gate,
    infoBytes: () => torrent?.infoBytes ?? null,
    onUploaded: (bytes) => {
      uploadedBytes += bytes
      isDirty = true
    },
  })
  let isDescribed = false
  onMetadata(swarm, async (metadata, describe) => {
    if (isDescribed || isEnded) return
    isDescribed = true
    try {
      const found =
        known ?? (metadata instanceof Uint8Array ? readTorrent(wrapInfo(metadata, magnet?.trackers ?? [])) : null)
      if (found === null) throw new TorrentError('The torrent has no description.')
      await prepare(swarm, found)
      if (isEnded) return
      if (found.info.isPrivate) joined.keepPrivate()
      await describe(parsedOf(found, magnet))
    } catch (error) {
      fail(error)
    }
  })
  swarm.once('done', () => void finish().catch(fail))
  swarm.on('error', fail)
  // A tracker that does not respond must not fail the torrent: others may respond.
  swarm.on('warning', () => null)

  const quiet = new IdleWires(maxConnections)
  const stateNow = (): TorrentState => {
    const isAlone = !swarm.wires.some((wire) => wire.amInterested || wire.isSeeder)
    const finding = isAlone ? 'looking-for-peers' : 'downloading'
    return {
      phase:
        phase === 'sharing'
          ? 'seeding'
          : phase === 'checking'
            ? 'checking'
            : phase === 'finding'
              ? 'looking-for-peers'
              : finding,
      peers: swarm.wires.length,
      downloadedBytes: verifiedBytes,
      uploadedBytes,
      downloadSpeed: Math.round(swarm.downloadSpeed),
      uploadSpeed: Math.round(swarm.uploadSpeed),
    }
  }
  const stop = async () => {
    if (isEnded) return
    checkpoint()
    isEnded = true
    await new Promise<void>((resolve) => {
      if (swarm.destroyed) resolve()
      else swarm.destroy(() => resolve())
    })
    await store?.close()
    isDirty = true
    checkpoint()
  }
  return {
    infoHash,
    torrent: () => torrent,
    isSeeding: () => phase === 'sharing' && !isEnded,
    accept: () => accepted.resolve(),
    want: (pieces) => fetching?.want(pieces),
    announce: joined.announce,
    tick: () => {
      checkpoint()
      if (isEnded || swarm.destroyed) return
      quiet.makeRoom(swarm)
      const state = stateNow()
      const text = JSON.stringify(state)
      if (text !== sentState) send({ type: 'state', id: job.id, state })
      sentState = text
    },
    stop,
  }
}

function parsedOf(torrent: Torrent | null, magnet: Magnet | null) {
  if (torrent === null) throw new TorrentError('The torrent has no description.')
  return asParsed(torrent, magnet)
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : 'The torrent could not be fetched.'
}
