import { statfsSync } from 'node:fs'
import { formatSize } from '../../../engine/text/format-size.ts'

/** A user's disk space: what files take, those in the trash too, what is reserved for running transfers, and what is left. */
export interface DiskQuota {
  totalBytes: number
  /** What emptying the trash would free. */
  trashBytes(): number
  /** The total minus the size of all files, of what transfers have fetched so far, and of what is promised to uploads and extractions. */
  availableBytes(): number
  /** What is neither used nor reserved. */
  unreservedBytes(): number
  /** Reserves a total for a transfer, or returns false and changes nothing. */
  reserve(transferId: number, bytes: number): boolean
  /** Records how much of its reservation a transfer has used. */
  use(transferId: number, bytes: number): void
  release(transferId: number): void
  /** How many bytes are reserved for a transfer. */
  reservedFor(transferId: number): number
  /** Sets a reservation exactly, even below the previous one: to what a transfer holds in the end. */
  setReservation(transferId: number, bytes: number): void
}

/** What a user has stored. */
interface Stored {
  storedBytes(): number
  trashBytes(): number
  /** What incomplete uploads had on the disk when the service started. */
  uploadedBytes(): number
}

/** With `quotaBytes` null, the total is what is stored and uploaded, plus nine tenths of what is free on the volume now. */
export function createDiskQuota(
  folder: string,
  quotaBytes: number | null,
  { storedBytes, trashBytes, uploadedBytes }: Stored,
): DiskQuota {
  const totalBytes = quotaBytes ?? Math.floor(storedBytes() + uploadedBytes() + freeOnVolume(folder) * 0.9)
  const reserved = new Map<number, number>()
  const used = new Map<number, number>()
  let reservedBytes = 0
  const unreservedBytes = () => Math.max(0, totalBytes - storedBytes() - reservedBytes)
  return {
    totalBytes,
    trashBytes,
    availableBytes: () =>
      Math.max(0, totalBytes - storedBytes() - [...used.values()].reduce((sum, bytes) => sum + bytes, 0)),
    unreservedBytes,
    reserve: (transferId, bytes) => {
      const additional = bytes - (reserved.get(transferId) ?? 0)
      if (additional <= 0) return true
      if (totalBytes - storedBytes() - reservedBytes < additional) return false
      reserved.set(transferId, bytes)
      reservedBytes += additional
      return true
    },
    use: (transferId, bytes) => {
      used.set(transferId, bytes)
    },
    reservedFor: (transferId) => reserved.get(transferId) ?? 0,
    setReservation: (transferId, bytes) => {
      reservedBytes += bytes - (reserved.get(transferId) ?? 0)
      reserved.set(transferId, bytes)
      used.set(transferId, bytes)
    },
    release: (transferId) => {
      used.delete(transferId)
      reservedBytes -= reserved.get(transferId) ?? 0
      reserved.delete(transferId)
    },
  }
}

function freeOnVolume(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

/** What emptying the trash would free, as one more sentence; empty when there is nothing in it. */
export function trashAdvice(quota: DiskQuota): string {
  const bytes = quota.trashBytes()
  return bytes === 0 ? '' : ` Emptying the trash would free ${formatSize(bytes)}.`
}
