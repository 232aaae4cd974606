import type { Save } from '../../../shared/save.ts'
import type { SaveJob } from './save-job.ts'
import type { Speedometer } from './speedometer.ts'
import type { StoredSave } from './stored-save.ts'

interface Running {
  save: StoredSave
  /** Null while it does not run. */
  job: SaveJob | null
  speed: Speedometer
}

/** A save as a window shows it. */
export function shownSave({ save, job, speed }: Running): Save {
  const isSaved = save.state === 'saved'
  const sizeBytes = job?.tally.sizeBytes ?? save.sizeBytes
  const savedBytes = isSaved ? (save.sizeBytes ?? 0) : (job?.tally.savedBytes ?? save.savedBytes)
  const bytesPerSecond = job === null ? null : speed.reach(savedBytes)
  const left = sizeBytes === null || bytesPerSecond === null || bytesPerSecond < 1 ? null : sizeBytes - savedBytes
  return {
    id: save.id,
    accountId: save.accountId,
    itemId: save.itemId,
    name: save.name,
    folder: save.folder,
    isFolder: save.isFolder && !save.isZip,
    isZip: save.isZip,
    status: save.state === 'active' ? activity(job) : save.state,
    sizeBytes,
    savedBytes,
    doneFiles: isSaved && !save.isFolder ? 1 : (job?.tally.doneFiles ?? 0),
    totalFiles: job?.tally.totalFiles ?? (save.isFolder ? null : 1),
    speedBytesPerSecond: bytesPerSecond,
    secondsLeft: left === null || bytesPerSecond === null ? null : Math.ceil(left / bytesPerSecond),
    reason: job?.reason ?? save.reason,
    untrustedOrigin: job?.untrustedOrigin ?? null,
    lacksFolder: job?.lacksFolder ?? false,
  }
}

function activity(job: SaveJob | null): 'waiting' | 'listing' | 'saving' {
  if (job === null) return 'waiting'
  if (job.isListing) return 'listing'
  return job.isMoving ? 'saving' : 'waiting'
}
