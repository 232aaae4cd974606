import type { Checkpoint, FromWorker, TorrentLimits, WorkerJob, WorkerOptions } from './messages.ts'
import {
  TorrentError,
  type TorrentInfo,
  type TorrentMetadata,
  type TorrentResume,
  type TorrentSource,
  type TorrentState,
} from './types.ts'
import { createWorkerSupervisor } from './worker-supervisor.ts'

/** A torrent to fetch into a folder of its own, and then to seed. */
interface TorrentJob {
  source: TorrentSource
  /** An existing private folder. The torrent's files become `0`, `1`, … in it, by their index in `TorrentInfo.files`. */
  folder: string
  /** The record of an earlier run, or null to check the contents of the folder. */
  resume: TorrentResume | null
  bootId: string
  /** Called once per start, as soon as the torrent's content is known. Rejects to refuse it before a byte is written. */
  onMetadata: (info: TorrentInfo) => void | Promise<void>
  /** At most four times a second, and only when something changed. */
  onState: (state: TorrentState) => void
  /** At most every 250 ms, and at the end. */
  onCheckpoint: (resume: TorrentResume) => void
}

/** A started torrent. After `done` it seeds until it is stopped. */
export interface RunningTorrent {
  /** Resolves when every piece is verified and synced to disk; rejects like `failed`, and with an `AbortError` when stopped. */
  done: Promise<void>
  /**
   * Rejects with a `TorrentError`, or with the rejection of `onMetadata`, when the torrent cannot continue; otherwise never settles.
   */
  failed: Promise<never>
  /** Fetches these pieces before all others, the most urgent first, until others are wanted. */
  want(pieces: readonly number[]): void
  /** Asks the trackers and the DHT for peers now, instead of when it is due. */
  announce(): void
  /** Stops it after a final checkpoint. Its files stay. */
  stop(): Promise<void>
}

export interface TorrentEngine {
  /** Replaces the hosts on the person's own network that may be reached. */
  allow(hosts: readonly string[]): void
  /** Changes the bandwidth limits, also for connections that are open. */
  limit(limits: TorrentLimits): void
  /** Finds out what a torrent contains without fetching it. Rejects with a `TorrentError` or the signal's reason. */
  lookUp(source: TorrentSource, options: { signal: AbortSignal }): Promise<TorrentMetadata>
  start(job: TorrentJob): RunningTorrent
  /** Stops everything after final checkpoints. */
  close(): Promise<void>
}

export interface TorrentEngineOptions extends Partial<TorrentLimits> {
  /** Names or addresses on the person's own network that may be reached. */
  allowHosts: readonly string[]
  /** Finds peers without a tracker; `bootstrap` are the first nodes to ask, as `host:port`. */
  dht: { bootstrap: string[] } | false
  /** Where peers may connect; port 0 for any. By default, nothing listens beyond this computer. */
  listen?: { address: string; port: number }
  /** Receives errors that are reported nowhere else. */
  report: (error: unknown) => void
}

interface Running {
  job: TorrentJob
  message: WorkerJob
  resume: TorrentResume | null
  isAnnounced: boolean
  finish: () => void
  fail: (error: unknown) => void
  /** Called when it is stopped before it is done. */
  abandon: () => void
  stopped: PromiseWithResolvers<void>
}

interface PendingLookup {
  source: TorrentSource
  answer: PromiseWithResolvers<TorrentMetadata>
}

/**
 * Fetches and seeds torrents in a worker thread, which starts with the first of them. When the worker ends unexpectedly, a new
 * one resumes from the last checkpoints, at most three times in a row.
 */
export function createTorrentEngine(options: TorrentEngineOptions): TorrentEngine {
  const running = new Map<number, Running>()
  const lookups = new Map<number, PendingLookup>()
  let nextId = 1
  const settings: WorkerOptions = {
    allowHosts: options.allowHosts,
    dht: options.dht,
    listen: options.listen ?? { address: '127.0.0.1', port: 0 },
    downloadLimit: options.downloadLimit ?? 0,
    uploadLimit: options.uploadLimit ?? 0,
  }
  const supervisor = createWorkerSupervisor({
    settings,
    onMessage: (message) => receive(message),
    onReplaced: () => {
      for (const [id, { source }] of lookups) supervisor.send({ type: 'look-up', id, source })
      for (const torrent of running.values())
        supervisor.send({ type: 'start', job: { ...torrent.message, resume: torrent.resume } })
    },
    onLost: (error) => {
      for (const id of [...running.keys(), ...lookups.keys()]) fail(id, error)
    },
    report: options.report,
  })

  const fail = (id: number, error: unknown) => {
    lookups.get(id)?.answer.reject(error)
    lookups.delete(id)
    const torrent = running.get(id)
    running.delete(id)
    torrent?.fail(error)
    torrent?.stopped.resolve()
  }
  const refuse = (id: number, error: unknown) => {
    if (running.has(id)) supervisor.send({ type: 'stop', id })
    fail(id, error)
  }
  const receiveMetadata = (id: number, info: TorrentInfo) => {
    const torrent = running.get(id)
    if (torrent === undefined) return
    const torrentFile = Buffer.from(info.torrentFile).toString('base64')
    const isResumed = torrent.resume?.infoHash === info.infoHash
    torrent.resume = {
      infoHash: info.infoHash,
      pieces: '',
      syncedPieces: '',
      uploadedBytes: 0,
      ...(isResumed ? torrent.resume : {}),
      torrentFile,
      bootId: isResumed ? (torrent.resume?.bootId ?? torrent.job.bootId) : torrent.job.bootId,
    }
    if (torrent.isAnnounced) return
    torrent.isAnnounced = true
    const accept = () => {
      torrent.message.isAccepted = true
      if (running.has(id)) supervisor.send({ type: 'accept', id })
    }
    const ask = async () => torrent.job.onMetadata(info)
    ask().then(accept, (error: unknown) => refuse(id, error))
  }
  const receiveCheckpoint = (id: number, checkpoint: Checkpoint) => {
    const torrent = running.get(id)
    if (torrent === undefined || torrent.resume === null) return
    torrent.resume = { ...torrent.resume, ...checkpoint, bootId: torrent.job.bootId }
    torrent.job.onCheckpoint(torrent.resume)
  }
  const receive = (message: FromWorker) => {
    if (message.type === 'closed') return
    const torrent = running.get(message.id)
    if (message.type === 'metadata') receiveMetadata(message.id, message.info)
    else if (message.type === 'state') torrent?.job.onState(message.state)
    else if (message.type === 'checkpoint') receiveCheckpoint(message.id, message.checkpoint)
    else if (message.type === 'done') torrent?.finish()
    else if (message.type === 'failed') fail(message.id, new TorrentError(message.sentence, { code: message.code }))
    else if (message.type === 'looked-up') {
      lookups.get(message.id)?.answer.resolve(message.metadata)
      lookups.delete(message.id)
    } else {
      torrent?.stopped.resolve()
      running.delete(message.id)
    }
  }

  return {
    allow: (hosts) => {
      settings.allowHosts = hosts
      supervisor.sendIfRunning({ type: 'allow', hosts })
    },
    limit: (limits) => {
      Object.assign(settings, limits)
      supervisor.sendIfRunning({ type: 'limit', limits })
    },
    lookUp: async (source, { signal }) => {
      signal.throwIfAborted()
      const id = nextId++
      const pending: PendingLookup = { source, answer: Promise.withResolvers<TorrentMetadata>() }
      lookups.set(id, pending)
      const onAbort = () => {
        supervisor.sendIfRunning({ type: 'cancel-lookup', id })
        fail(id, signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      supervisor.send({ type: 'look-up', id, source })
      return pending.answer.promise.finally(() => signal.removeEventListener('abort', onAbort))
    },
    start: (job) => {
      const id = nextId++
      const done = Promise.withResolvers<void>()
      const failed = Promise.withResolvers<never>()
      // Callers may listen to only one of them.
      for (const { promise } of [done, failed]) promise.catch(() => null)
      const { source, folder, resume, bootId } = job
      const torrent: Running = {
        job,
        message: { id, source, folder, resume, bootId, isAccepted: false },
        resume,
        isAnnounced: false,
        finish: () => done.resolve(),
        fail: (error) => {
          done.reject(error)
          failed.reject(error)
        },
        abandon: () => done.reject(new DOMException('The torrent was stopped.', 'AbortError')),
        stopped: Promise.withResolvers<void>(),
      }
      running.set(id, torrent)
      supervisor.send({ type: 'start', job: torrent.message })
      const stop = async () => {
        torrent.abandon()
        if (running.has(id)) supervisor.send({ type: 'stop', id })
        await torrent.stopped.promise
      }
      const want = (pieces: readonly number[]) => {
        if (running.has(id)) supervisor.sendIfRunning({ type: 'want', id, pieces })
      }
      const announce = () => {
        if (running.has(id)) supervisor.sendIfRunning({ type: 'announce', id })
      }
      return { done: done.promise, failed: failed.promise, want, announce, stop }
    },
    close: async () => {
      for (const [id, { answer }] of lookups) {
        answer.reject(new TorrentError('The service is stopping.'))
        lookups.delete(id)
      }
      await supervisor.close()
      for (const [id, { abandon, stopped }] of running) {
        running.delete(id)
        abandon()
        stopped.resolve()
      }
    },
  }
}
