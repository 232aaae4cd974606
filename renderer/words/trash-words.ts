import type { Quota } from '../../shared/account.ts'
import { formatSize } from './format.ts'
import { say } from './say.ts'

/** What emptying the trash does for the disk space; null if there is nothing in it. Promised only where it is known. */
export function wouldFree(trash: Quota['trash']): string | null {
  if (trash === null || trash.sizeBytes === 0) return null
  return say(trash.isCounted ? 'ledger.trash' : 'ledger.trashMay', { size: formatSize(trash.sizeBytes) })
}

/** The disk space of an account, and what of it the trash takes; null if the service does not report it. */
export function diskText({ diskFreeBytes, diskTotalBytes, trash }: Quota): string | null {
  if (diskFreeBytes === null || diskTotalBytes === null) return null
  const sizes = { free: formatSize(diskFreeBytes), total: formatSize(diskTotalBytes) }
  if (trash === null || trash.sizeBytes === 0) return say('meter.ofTotal', sizes)
  return say(trash.isCounted ? 'meter.trash' : 'meter.trashMay', { ...sizes, trash: formatSize(trash.sizeBytes) })
}
