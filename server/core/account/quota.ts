import { statfsSync } from 'node:fs'

/** The disk space of a user: what files take, what running transfers have been promised, what is left. */
export interface DiskQuota {
  totalBytes: number
  /** What is not used: total less what files take, and less what transfers have fetched so far. */
  availableBytes(): number
  /** What nobody has been promised yet. */
  unreservedBytes(): number
  /** Promises a transfer so many bytes in all, or answers false and changes nothing. */
  reserve(transferId: number, bytes: number): boolean
  /** Tells how much of its promise a transfer has used. */
  use(transferId: number, bytes: number): void
  release(transferId: number): void
  /** What a transfer has been promised. */
  reservedFor(transferId: number): number
  /** Makes a promise exactly so large, although it may be smaller than before: for what a transfer holds in the end. */
  setReservation(transferId: number, bytes: number): void
}

/** `quotaBytes` null: what is stored and nine tenths of what the volume has free now. */
export function createDiskQuota(folder: string, quotaBytes: number | null, storedBytes: () => number): DiskQuota {
  const totalBytes = quotaBytes ?? Math.floor(storedBytes() + freeOnVolume(folder) * 0.9)
  const reserved = new Map<number, number>()
  const used = new Map<number, number>()
  let reservedBytes = 0
  const unreservedBytes = () => Math.max(0, totalBytes - storedBytes() - reservedBytes)
  return {
    totalBytes,
    availableBytes: () =>
      Math.max(0, totalBytes - storedBytes() - [...used.values()].reduce((sum, bytes) => sum + bytes, 0)),
    unreservedBytes,
    reserve: (transferId, bytes) => {
      const more = bytes - (reserved.get(transferId) ?? 0)
      if (more <= 0) return true
      if (totalBytes - storedBytes() - reservedBytes < more) return false
      reserved.set(transferId, bytes)
      reservedBytes += more
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
