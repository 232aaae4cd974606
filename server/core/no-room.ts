import { humanSize } from './messages.ts'
import type { DiskQuota } from './quota.ts'
import { Refusal } from './refusal.ts'
import type { Transfer } from './transfer.ts'

/** Why a transfer does not fit into the disk space. */
export function noRoom({ id, name, sizeBytes, downloadedBytes }: Transfer, quota: DiskQuota): Refusal {
  const needs = sizeBytes === null ? `more than ${humanSize(downloadedBytes)}` : humanSize(sizeBytes)
  const free = humanSize(quota.unpromisedBytes() + quota.promisedTo(id))
  return new Refusal(`There is not enough disk space: “${name}” needs ${needs}, and ${free} is free.`)
}
