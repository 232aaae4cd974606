import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Announced, fetchToPart } from '../../../../engine/fetch/fetch.ts'
import type { Gate } from '../../../../engine/net/gate.ts'
import { isIntact } from '../../../../engine/part/is-intact.ts'
import type { ResumeRecord } from '../../../../engine/resume.ts'
import { formatSize } from '../../../../engine/text/format-size.ts'
import { nameForLink, plainNameForLink } from '../../../../engine/text/names.ts'
import type { DiskQuota } from '../../account/quota.ts'
import { Refusal } from '../../errors/refusal.ts'
import { promisesMedia } from '../../space/kinds.ts'
import type { Arrivals } from '../arrivals.ts'
import type { FetchSlot } from '../fetch-queue.ts'
import type { Hosters } from '../hosters.ts'
import { quotaExceeded } from '../quota-exceeded.ts'
import { SlotPool } from '../slot-pool.ts'
import { createSpeedometer } from '../speed.ts'
import type { Transfer, TransferFile } from '../transfer.ts'
import { isWebPage } from '../web-page.ts'

const stepBytes = 8 * 1024 * 1024
/** How many parts of an archive move at once, and how many more may wait for their server. */
const partSlots = { limit: 3, maxSuspended: 6, graceMs: 1500, minProgress: 8 * 1024 }
const shortPauseMs = partSlots.graceMs

export interface LinksFetch {
  transfer: Transfer
  workFolder: string
  gate: Gate
  quota: DiskQuota
  hosters: Hosters
  /** The largest file that the user may fetch, or null. */
  largestFileBytes: number | null
  arrivals: Arrivals
  bootId: string
  signal: AbortSignal
  slot: Pick<FetchSlot, 'pause'>
  /** Spends bandwidth, or throws a `Refusal`. */
  pay(bytes: number): void
  /** Saves the transfer for a later run. */
  save(): void
  /** The same a moment later, for progress. */
  saveSoon(): void
}

/**
 * Fetches a transfer's links into its work folder, several parts of an archive at once, and keeps the transfer's
 * progress up to date. Quota is reserved for every byte before it is written.
 */
export async function fetchLinks(job: LinksFetch): Promise<void> {
  const { transfer } = job
  await forgetModified(job)
  const lengths = transfer.files.map(({ sizeBytes, isWhole }) => (isWhole ? (sizeBytes ?? 0) : 0))
  const speed = createSpeedometer()
  const first = new AbortController()
  const signal = AbortSignal.any([job.signal, first.signal])
  const reach = (index: number, length: number) => {
    lengths[index] = length
    reserve(job, lengths)
    charge(job, lengths)
    const sum = lengths.reduce((total, bytes) => total + bytes, 0)
    job.quota.use(transfer.id, sum)
    speed.reach(sum)
    transfer.downloadedBytes = sum
    transfer.bytesPerSecond = speed.bytesPerSecond()
  }
  reserve(job, lengths)
  for (const [index, { isWhole, sizeBytes }] of transfer.files.entries())
    if (isWhole) job.arrivals.of(transfer.id, index).detach(sizeBytes)
  const left = [...transfer.files.entries()].filter(([, { isWhole }]) => !isWhole)
  const pool = new SlotPool<TransferFile>(partSlots)
  const work = ([index, file]: [number, TransferFile]) => {
    const slotUser = { signal, progress: () => lengths[index] ?? 0 }
    // A waiting part gives its slot to another part, and the transfer's slot to another transfer when no part moves.
    const pause = async (ms: number, stop: AbortSignal) => {
      if (ms > shortPauseMs) pool.suspend(file)
      await (pool.active().length === 0 ? job.slot.pause(ms, stop) : wait(ms, undefined, { signal: stop }))
      await pool.acquire(file, slotUser)
    }
    const part = { index, file, reach: (length: number) => reach(index, length), pause }
    return pool.run(file, slotUser, () => fetchOne({ ...job, signal }, part))
  }
  try {
    const works = left.map(work)
    // The first error stops the others; all have ended before this function does.
    for (const one of works) one.catch((error: unknown) => first.abort(error))
    await Promise.allSettled(works)
    await Promise.all(works)
  } catch (error) {
    throw first.signal.aborted ? first.signal.reason : error
  }
}

/** Marks files that another program changed in the meantime as incomplete. */
async function forgetModified({ transfer, workFolder, bootId, signal }: LinksFetch): Promise<void> {
  for (const [index, file] of transfer.files.entries()) {
    const { resume, sizeBytes, isWhole } = file
    if (!isWhole || resume === null || sizeBytes === null) continue
    file.isWhole = await isIntact(join(workFolder, `${index}`), { resume, sizeBytes, bootId, signal })
  }
}

interface OneFile {
  index: number
  file: TransferFile
  reach(length: number): void
  pause(ms: number, signal: AbortSignal): Promise<void>
}

async function fetchOne(job: LinksFetch, { index, file, reach, pause }: OneFile): Promise<void> {
  const { transfer } = job
  const link = transfer.links[index] ?? ''
  const { sizeBytes, isProven } = await fetchToPart({
    link,
    partPath: join(job.workFolder, `${index}`),
    gate: job.gate,
    signal: job.signal,
    resume: file.resume,
    bootId: job.bootId,
    credentialsFor: (url) => job.hosters.credentialsFor(url),
    sleep: pause,
    arrival: job.arrivals.of(transfer.id, index),
    onStart: (announced) => {
      start(job, file, announced)
      reach(0)
    },
    onBytes: reach,
    onCheckpoint: (record) => {
      // What the part file does not record about itself must be saved before its bytes can be resumed.
      const isOther = isOtherVersion(file.resume, record)
      file.resume = record
      if (isOther) job.save()
      else job.saveSoon()
    },
    onTrouble: (sentence) => {
      transfer.reason = sentence
    },
  })
  Object.assign(file, { sizeBytes, isWhole: true, isUnproven: !isProven })
  reach(sizeBytes)
  job.save()
}

function isOtherVersion(before: ResumeRecord | null, now: ResumeRecord): boolean {
  return (
    before === null ||
    before.validators.strong !== now.validators.strong ||
    before.totalBytes !== now.totalBytes ||
    before.isSummed !== now.isSummed
  )
}

function start(job: LinksFetch, file: TransferFile, announced: Announced): void {
  const { transfer, largestFileBytes } = job
  const name = nameForLink(announced.url, announced.contentDisposition)
  const link = transfer.links[transfer.files.indexOf(file)] ?? ''
  const isPromised = promisesMedia(plainNameForLink(link)) || promisesMedia(name)
  if (isPromised && isWebPage(announced.contentType, announced.head)) {
    throw new Refusal('A web page came instead of the file: the link may have ended, or asks you to sign in first.')
  }
  file.sizeBytes = announced.sizeBytes
  file.path = [name]
  if (transfer.files.length === 1) transfer.name = name
  if (largestFileBytes !== null && (announced.sizeBytes ?? 0) > largestFileBytes) throw tooLarge(name, largestFileBytes)
  const isKnown = transfer.files.every(({ sizeBytes }) => sizeBytes !== null)
  transfer.sizeBytes = isKnown ? transfer.files.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0) : null
}

/** Reserves what is needed; in steps when a size is unknown, so that the quota is not asked at each write. */
function reserve({ transfer, quota, largestFileBytes }: LinksFetch, lengths: number[]): void {
  const needed = (step: number) =>
    transfer.files.reduce(
      (sum, { sizeBytes }, index) => sum + (sizeBytes ?? Math.ceil((lengths[index] ?? 0) / step) * step),
      0,
    )
  const longest = Math.max(...lengths)
  if (largestFileBytes !== null && longest > largestFileBytes) throw tooLarge(transfer.name, largestFileBytes)
  if (quota.reserve(transfer.id, needed(stepBytes)) || quota.reserve(transfer.id, needed(1))) return
  throw quotaExceeded(transfer, quota)
}

/** Charges the bandwidth for paid hosters. Source: API v1 §8.2. */
function charge({ transfer, hosters, pay }: LinksFetch, lengths: number[]): void {
  const owed = transfer.files.reduce((sum, { sizeBytes }, index) => {
    const costs = hosters.isPaid(transfer.links[index] ?? '')
    return costs ? sum + (sizeBytes ?? Math.ceil((lengths[index] ?? 0) / stepBytes) * stepBytes) : sum
  }, 0)
  if (owed > transfer.paidBytes) pay(owed - transfer.paidBytes)
}

function tooLarge(name: string, limit: number): Refusal {
  return new Refusal(`“${name}” is too large: no file may be larger than ${formatSize(limit)} here.`)
}
