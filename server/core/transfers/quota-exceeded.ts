import { formatSize } from '../../../engine/text/format-size.ts'
import { type DiskQuota, trashAdvice } from '../account/quota.ts'
import { Refusal } from '../errors/refusal.ts'
import type { Transfer } from './transfer.ts'

/** The refusal of a transfer that does not fit into the disk space. */
export function quotaExceeded({ id, name, sizeBytes, downloadedBytes }: Transfer, quota: DiskQuota): Refusal {
  const needs = sizeBytes === null ? `more than ${formatSize(downloadedBytes)}` : formatSize(sizeBytes)
  const free = formatSize(quota.unreservedBytes() + quota.reservedFor(id))
  const sentence = `There is not enough disk space: “${name}” needs ${needs}, and ${free} is free.`
  return new Refusal(`${sentence}${trashAdvice(quota)}`)
}
