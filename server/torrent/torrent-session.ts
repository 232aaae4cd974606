import type { Gate } from '../../engine/net/gate.ts'
import { createClient } from './client.ts'
import { FilePool } from './file-pool.ts'
import type { FromWorker, TorrentLimits, WorkerJob, WorkerOptions } from './messages.ts'
import { createMetadataLookup } from './metadata-lookup.ts'
import { type RateLimits, rateOf } from './rate-limits.ts'
import { type Run, startRun } from './run.ts'
import { TorrentError, type TorrentSource } from './types.ts'

const tickMs = 250

/** The commands that the worker accepts. */
interface TorrentSession {
  start(job: WorkerJob): void
  accept(id: number): void
  want(id: number, pieces: readonly number[]): void
  announce(id: number): void
  stop(id: number): void
  lookUp(id: number, source: TorrentSource): void
  cancelLookup(id: number): void
  limit(limits: TorrentLimits): void
  close(): void
}

/** Runs all torrents of this worker with one webtorrent client. */
export async function createTorrentSession(
  settings: WorkerOptions,
  { gate, limits }: { gate: Gate; limits: RateLimits },
  send: (message: FromWorker) => void,
): Promise<TorrentSession> {
  const client = await createClient(settings, limits)
  const pool = new FilePool()
  const runs = new Map<number, Run>()
  /** Jobs that were started and have not been stopped since. */
  const starting = new Set<number>()
  const find = (infoHash: string) => [...runs.values()].find((run) => run.infoHash === infoHash) ?? null
  const lookup = createMetadataLookup({ client, gate, find, send })
  client.on('error', (error: Error) => {
    // The error concerns no single torrent: it ends the worker, and the supervisor starts another one.
    throw error
  })

  let { downloadLimit, uploadLimit } = settings
  const applyLimits = () => {
    const isSeeding = [...runs.values()].some((run) => run.isSeeding())
    limits.download.set(rateOf(downloadLimit))
    limits.upload.set(isSeeding ? null : rateOf(uploadLimit))
  }
  const timer = setInterval(() => {
    for (const run of runs.values()) run.tick()
    applyLimits()
  }, tickMs)

  const begin = async (job: WorkerJob) => {
    starting.add(job.id)
    const release = await lookup.yieldTo(job)
    try {
      if (!starting.delete(job.id)) return
      if (find(lookup.infoHashOf(job.source)) !== null) throw new TorrentError('This torrent is being fetched already.')
      runs.set(job.id, startRun({ client, gate, pool, job, send, onEnd: () => runs.delete(job.id) }))
    } finally {
      release()
    }
  }
  return {
    start: (job) => {
      begin(job).catch((error: unknown) => {
        const sentence = error instanceof Error ? error.message : `${error}`
        send({ type: 'failed', id: job.id, sentence, code: null })
      })
    },
    accept: (id) => runs.get(id)?.accept(),
    want: (id, pieces) => runs.get(id)?.want(pieces),
    announce: (id) => runs.get(id)?.announce(),
    stop: (id) => {
      starting.delete(id)
      const run = runs.get(id)
      const ended = () => {
        runs.delete(id)
        send({ type: 'stopped', id })
      }
      if (run === undefined) ended()
      else run.stop().then(ended, ended)
    },
    lookUp: lookup.lookUp,
    cancelLookup: lookup.stop,
    limit: (changed) => {
      downloadLimit = changed.downloadLimit
      uploadLimit = changed.uploadLimit
      applyLimits()
    },
    close: () => {
      clearInterval(timer)
      const stops = [...runs.values()].map((run) => run.stop())
      Promise.allSettled(stops).then(
        () => client.destroy(() => send({ type: 'closed' })),
        () => send({ type: 'closed' }),
      )
    },
  }
}
