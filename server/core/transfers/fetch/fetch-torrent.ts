import { setTimeout as wait } from 'node:timers/promises'
import { DiskRoom } from '../../../../engine/disk/disk-room.ts'
import { formatSize } from '../../../../engine/text/format-size.ts'
import { safeName } from '../../../../engine/text/names.ts'
import type { TorrentEngine } from '../../../torrent/engine.ts'
import { readTorrentResume } from '../../../torrent/resume.ts'
import type { TorrentInfo, TorrentResume, TorrentSource, TorrentState } from '../../../torrent/types.ts'
import type { DiskQuota } from '../../account/quota.ts'
import { Refusal } from '../../errors/refusal.ts'
import type { Arrivals } from '../arrivals.ts'
import { quotaExceeded } from '../quota-exceeded.ts'
import type { Swarms } from '../swarms.ts'
import type { SwarmStatus, Transfer } from '../transfer.ts'
import { TorrentArrivals } from './torrent-arrivals.ts'

const sharingShownMs = 10_000
const lingerMs = 1500

export interface TorrentFetch {
  transfer: Transfer
  workFolder: string
  engine: TorrentEngine
  quota: DiskQuota
  largestFileBytes: number | null
  arrivals: Arrivals
  swarms: Swarms
  bootId: string
  signal: AbortSignal
  torrentFile: Uint8Array | null
  keepTorrentFile(bytes: Uint8Array): void
  /** The whole content is on the disk; from now on it is shared. */
  onSharing(): void
  /** The current status of the swarm. */
  onSwarm(status: SwarmStatus): void
  save(): void
  saveSoon(): void
}

/**
 * Fetches a torrent into the work folder, and shares it until as many bytes were uploaded as it has, counted across
 * restarts. Resolves then, or when it is stopped. Rejects with `ENOSPC` when the disk is nearly full, to be started
 * again when there is space.
 */
export async function fetchTorrent(job: TorrentFetch): Promise<void> {
  const { transfer, engine, signal } = job
  const diskFull = Promise.withResolvers<never>()
  diskFull.promise.catch(() => undefined)
  const room = new DiskRoom({
    path: job.workFolder,
    signal,
    sleep: (ms, stop) => wait(ms, undefined, { signal: stop }),
    neededBytes: () => null,
    onTrouble: () => undefined,
  })
  const [link = ''] = transfer.links
  // A magnet link may name peers that the torrent file does not.
  const { torrentFile } = job
  const isMagnet = torrentFile === null || /^\s*magnet:/i.test(link)
  const source: TorrentSource = isMagnet ? { magnet: link } : { torrentFile }
  let lastSentMs = Number.NEGATIVE_INFINITY
  let resolveSharedEnough: () => void = () => undefined
  const sharedEnough = new Promise<void>((resolve) => {
    resolveSharedEnough = resolve
  })
  const arriving = new TorrentArrivals(transfer, job.arrivals, (pieces) => running.want(pieces))
  const running = engine.start({
    source,
    folder: job.workFolder,
    resume: resumeOf(transfer, job.torrentFile),
    bootId: job.bootId,
    onMetadata: (info) => {
      accept(job, info)
      if (transfer.stage === 'fetching') arriving.begin(info)
    },
    onState: (state) => {
      arriving.wantAgain()
      // Protocol overhead does not count as sharing.
      if (state.uploadedBytes > transfer.uploadedBytes) lastSentMs = performance.now()
      if (transfer.stage === 'fetching') {
        // Leaves some of the disk free, because the service itself needs space.
        room.take(0).catch(() => undefined)
        if (room.isWaiting) diskFull.reject(Object.assign(new Error('The disk is nearly full.'), { code: 'ENOSPC' }))
      }
      follow(job, state, performance.now() - lastSentMs < sharingShownMs)
      if (transfer.stage !== 'fetching' && isShared(transfer)) resolveSharedEnough()
    },
    onCheckpoint: ({ torrentFile: _, ...resume }) => {
      transfer.torrentResume = JSON.stringify(resume)
      arriving.update(resume.pieces)
      job.saveSoon()
    },
  })
  const endSwarm = job.swarms.begin(transfer.id, () => running.announce())
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  try {
    const isWhole = await Promise.race([
      running.done.then(() => true),
      running.failed,
      diskFull.promise,
      stopped.then(() => false),
    ])
    if (!isWhole) return
    arriving.end(true)
    transfer.downloadedBytes = transfer.sizeBytes ?? 0
    if (isShared(transfer)) return
    job.onSharing()
    await Promise.race([sharedEnough, running.failed, stopped])
    // Lets uploads in flight finish.
    if (!signal.aborted) await Promise.race([wait(lingerMs), running.failed, stopped])
  } finally {
    endSwarm()
    if (transfer.stage === 'fetching') arriving.end(false)
    await running.stop()
  }
}

/** True when as many bytes were uploaded as the content has. */
function isShared({ uploadedBytes, sizeBytes }: Transfer): boolean {
  return uploadedBytes >= (sizeBytes ?? 0)
}

/** Accepts the content of the torrent, or refuses it before anything is written. */
function accept(job: TorrentFetch, info: TorrentInfo): void {
  const { transfer, quota, largestFileBytes } = job
  if (job.torrentFile === null) job.keepTorrentFile(info.torrentFile)
  transfer.name = safeName(info.name)
  transfer.sizeBytes = info.sizeBytes
  if (transfer.stage === 'fetching') {
    transfer.files = info.files.map((file) => ({ ...file, isWhole: true, resume: null }))
    const largest = info.files.reduce((size, file) => Math.max(size, file.sizeBytes), 0)
    if (largestFileBytes !== null && largest > largestFileBytes) {
      const limit = formatSize(largestFileBytes)
      throw new Refusal(`“${transfer.name}” holds a file that is too large: no file may be larger than ${limit} here.`)
    }
    if (!quota.reserve(transfer.id, info.sizeBytes)) throw quotaExceeded(transfer, quota)
  }
  job.save()
}

function follow({ transfer, quota, saveSoon, onSwarm }: TorrentFetch, state: TorrentState, isSending: boolean): void {
  if (state.uploadedBytes > transfer.uploadedBytes) {
    transfer.uploadedBytes = state.uploadedBytes
    saveSoon()
  }
  transfer.peers = state.peers
  if (transfer.stage !== 'fetching') {
    transfer.bytesPerSecond = state.uploadSpeed
    return
  }
  transfer.downloadedBytes = state.downloadedBytes
  transfer.bytesPerSecond = state.downloadSpeed
  quota.use(transfer.id, state.downloadedBytes)
  const status = statusOf(state, isSending)
  if (status !== null) onSwarm(status)
}

/** Null when the previous status still applies. Source: API v1 §7.3. */
function statusOf({ phase }: TorrentState, isSending: boolean): SwarmStatus | null {
  switch (phase) {
    case 'looking-for-peers':
      return 'looking-for-peers'
    case 'downloading':
      return isSending ? 'downloading-and-seeding' : 'downloading'
    case 'checking':
      return 'downloading'
    case 'seeding':
      return null
    default:
      return phase satisfies never
  }
}

function resumeOf({ torrentResume, uploadedBytes }: Transfer, torrentFile: Uint8Array | null): TorrentResume | null {
  const kept = readTorrentResume(torrentResume)
  if (kept === null) return null
  return {
    ...kept,
    uploadedBytes: Math.max(uploadedBytes, kept.uploadedBytes),
    torrentFile: torrentFile === null ? null : Buffer.from(torrentFile).toString('base64'),
  }
}
