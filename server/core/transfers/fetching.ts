import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Gate } from '../../../engine/net/gate.ts'
import { formatSize } from '../../../engine/text/format-size.ts'
import { plainNameForLink } from '../../../engine/text/names.ts'
import { startOf } from '../../torrent/bencode.ts'
import type { TorrentEngine } from '../../torrent/engine.ts'
import type { Bandwidth } from '../account/bandwidth.ts'
import type { DiskQuota } from '../account/quota.ts'
import type { Database } from '../data/database.ts'
import { Refusal } from '../errors/refusal.ts'
import type { Content } from '../space/content.ts'
import type { Arrivals } from './arrivals.ts'
import type { FetchSlot } from './fetch-queue.ts'
import type { Hosters } from './hosters.ts'
import { namesTorrent } from './links.ts'
import type { Swarms } from './swarms.ts'
import type { SwarmStatus, Transfer, TransferFile } from './transfer.ts'
import type { TransferRows } from './transfer-rows.ts'

const maxTorrentFileBytes = 16 * 1024 * 1024

export interface FetchingOptions {
  db: Database
  rows: TransferRows
  content: Content
  gate: Gate
  quota: DiskQuota
  bandwidth: Bandwidth
  hosters: Hosters
  /** Starts the engine with the first torrent. */
  torrents(): Promise<TorrentEngine>
  largestFileBytes: number | null
  /** The files as their readers see them. */
  arrivals: Arrivals
  /** The torrents that run. */
  swarms: Swarms
  bootId: string
}

/** How a fetch is stopped, and what it reports. */
export interface FetchingCallbacks {
  slot: FetchSlot
  /** A torrent is complete, and shared from now on. */
  onSharing(): void
  /** The status of a torrent's swarm, perhaps unchanged. */
  onSwarm(status: SwarmStatus): void
}

/**
 * Fetches what a transfer's links lead to, and then shares it if it is a torrent, resuming where an earlier run
 * stopped. A link that returns a torrent file becomes a torrent. Resolves when everything is on the disk and nothing is
 * left to share.
 */
export async function fetchTransfer(
  transfer: Transfer,
  options: FetchingOptions,
  callbacks: FetchingCallbacks,
): Promise<void> {
  const { rows, content, db, bandwidth } = options
  const workFolder = await content.openWorkFolder(transfer.content)
  const save = () => rows.save(transfer)
  const saveSoon = () => rows.saveSoon(transfer)
  const { slot } = callbacks
  const job = { ...options, ...callbacks, signal: slot.signal, transfer, workFolder, save, saveSoon }
  if (transfer.kind === 'links') {
    if (transfer.files.length !== transfer.links.length) transfer.files = transfer.links.map(unfetchedFile)
    const pay = (bytes: number) =>
      db.transact(() => {
        if (!bandwidth.spend(bytes)) throw outOfBandwidth(transfer, bytes, bandwidth)
        transfer.paidBytes += bytes
        save()
      })
    const { fetchLinks } = await import('./fetch/fetch-links.ts')
    await fetchLinks({ ...job, pay })
    const torrentFile = await torrentFileIn(transfer, workFolder)
    if (torrentFile === null) return
    await rm(join(workFolder, '0'))
    db.transact(() => {
      rows.keepTorrentFile(transfer.id, torrentFile)
      Object.assign(transfer, { kind: 'torrent', files: [], sizeBytes: null, downloadedBytes: 0, bytesPerSecond: 0 })
      save()
    })
    options.arrivals.end(transfer.id, 'It is a torrent file.')
    slot.becomeTorrent()
  }
  slot.signal.throwIfAborted()
  const { fetchTorrent } = await import('./fetch/fetch-torrent.ts')
  const engine = await options.torrents()
  await fetchTorrent({
    ...job,
    engine,
    torrentFile: rows.torrentFile(transfer.id),
    keepTorrentFile: (bytes) => rows.keepTorrentFile(transfer.id, bytes),
  })
}

function unfetchedFile(link: string): TransferFile {
  return { path: [plainNameForLink(link)], sizeBytes: null, isWhole: false, resume: null }
}

/** The torrent file that a transfer's only link returned, or null when it returned something else. */
async function torrentFileIn(transfer: Transfer, workFolder: string): Promise<Uint8Array | null> {
  const [link = ''] = transfer.links
  const path = join(workFolder, '0')
  if (transfer.links.length !== 1) return null
  const { size } = await stat(path)
  const isPromised = namesTorrent(link) || namesTorrent(transfer.name)
  const bytes = size <= maxTorrentFileBytes ? await readFile(path) : Buffer.alloc(0)
  if (hasTorrentShape(bytes)) return bytes
  if (isPromised) throw new Refusal(`“${transfer.name}” is not a torrent file, although its name says so.`)
  return null
}

function outOfBandwidth({ name }: Transfer, bytes: number, bandwidth: Bandwidth): Refusal {
  const left = formatSize(bandwidth.balance().availableBytes)
  return new Refusal(
    `There is not enough bandwidth: “${name}” needs ${formatSize(bytes)} more, and ${left} is left this month.`,
  )
}

/** True for a dictionary with an info dictionary in it. Parsing it shows later whether it is valid. Source: BEP 3. */
function hasTorrentShape(bytes: Buffer): boolean {
  const start = startOf(bytes)
  return /^d\d{1,4}:/.test(bytes.subarray(start, start + 8).toString('latin1')) && bytes.includes('4:infod')
}
