import { type Announced, fetchToPart } from '../../engine/fetch.ts'
import type { Gate } from '../../engine/gate.ts'
import { nameForLink } from '../../engine/names.ts'
import type { ResumeRecord } from '../../engine/resume.ts'
import { promisesMedia } from '../core/kinds.ts'
import { humanSize } from '../core/messages.ts'
import type { DiskQuota } from '../core/quota.ts'
import { Refusal } from '../core/refusal.ts'
import { createSpeedometer } from '../core/speed.ts'
import type { Transfer } from '../core/transfer.ts'
import { isWebPage } from '../core/web-page.ts'

const stepBytes = 8 * 1024 * 1024

export interface TransferFetch {
  transfer: Transfer
  partPath: string
  gate: Gate
  quota: DiskQuota
  bootId: string
  signal: AbortSignal
  /** Keeps what the transfer says now, for a later run. */
  save: () => void
}

/**
 * Fetches a transfer's link into its part file, keeping the transfer's figures up to date. Every byte is promised by the quota
 * before it is written. Answers with the size.
 */
export async function fetchTransfer(job: TransferFetch): Promise<number> {
  const { transfer, quota } = job
  const speed = createSpeedometer()
  const checkpoint = (record: ResumeRecord) => {
    transfer.resume = record
    job.save()
  }
  if (transfer.sizeBytes !== null) demand(quota, transfer, transfer.sizeBytes)
  const { sizeBytes } = await fetchToPart({
    link: transfer.link,
    partPath: job.partPath,
    gate: job.gate,
    signal: job.signal,
    resume: transfer.resume,
    bootId: job.bootId,
    onStart: (announced) => begin(job, announced),
    onBytes: (length) => {
      if (transfer.sizeBytes === null) demand(quota, transfer, length)
      quota.use(transfer.id, length)
      speed.reach(length)
      transfer.downloadedBytes = length
      transfer.bytesPerSecond = speed.bytesPerSecond()
    },
    onCheckpoint: checkpoint,
    onTrouble: (sentence) => {
      transfer.reason = sentence
    },
  })
  return sizeBytes
}

function begin({ transfer, quota }: TransferFetch, announced: Announced): void {
  const name = nameForLink(announced.url, announced.contentDisposition)
  const isPromised = promisesMedia(nameForLink(transfer.link)) || promisesMedia(name)
  if (isPromised && isWebPage(announced.contentType, announced.head)) {
    throw new Refusal('A web page came instead of the file: the link may have ended, or asks you to sign in first.')
  }
  quota.release(transfer.id)
  transfer.sizeBytes = announced.sizeBytes
  transfer.downloadedBytes = 0
  if (announced.sizeBytes !== null) demand(quota, transfer, announced.sizeBytes)
  transfer.name = name
}

/** Gets a promise for so many bytes; without a known size in steps, so that others are not asked at each write. */
function demand(quota: DiskQuota, transfer: Transfer, bytes: number): void {
  const isKnown = transfer.sizeBytes !== null
  const step = isKnown ? bytes : Math.ceil(bytes / stepBytes) * stepBytes
  if (quota.reserve(transfer.id, step) || quota.reserve(transfer.id, bytes)) return
  const needs = isKnown ? humanSize(bytes) : `more than ${humanSize(transfer.downloadedBytes)}`
  throw new Refusal(
    `There is not enough disk space: “${transfer.name}” needs ${needs}, and ${humanSize(quota.unpromisedBytes())} is free.`,
  )
}
