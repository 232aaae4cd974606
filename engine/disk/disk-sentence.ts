import { errorCode, isFullDisk } from '../fetch-error.ts'

/** What a folder says that may be there again later, or have space: a disk that was removed or is full, a share that was cut off. */
const passing = new Set([
  'ENOSPC',
  'ENOENT',
  'ENOTDIR',
  'EACCES',
  'EPERM',
  'EROFS',
  'ENODEV',
  'ENXIO',
  'ESTALE',
  'ENOTCONN',
  'EHOSTDOWN',
])

const sentences: Record<string, string> = {
  ENOENT: 'The folder to save in is gone.',
  ENOTDIR: 'Something else is in the place of the folder to save in.',
  EACCES: 'Putdesk may not write to this folder.',
  EPERM: 'Putdesk may not write to this folder.',
  EROFS: 'The disk of this folder is read-only.',
  ENOSPC: 'This computer’s disk is full.',
  EIO: 'The disk reports an error.',
  ENAMETOOLONG: 'The name is too long for this folder.',
}

/** Node's code of an error of the disk, which is the same for a full disk and a full quota. */
export function diskCode(error: unknown): string {
  return isFullDisk(error) ? 'ENOSPC' : errorCode(error)
}

/** Why a file could not be written, for the person. `code` is the code of the error. */
export function diskSentence(code: string): string {
  return (
    sentences[code] ??
    (passing.has(code) ? 'The disk of this folder is not there.' : 'The system refuses to write the file.')
  )
}

/** True if the folder may be there again, or writable again, later. */
export function isPassingOnDisk(code: string): boolean {
  return passing.has(code)
}
