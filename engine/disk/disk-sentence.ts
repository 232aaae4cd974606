/** What a folder says that may be there again later: a disk that was removed, a share that was cut off. */
const passing = new Set([
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
  EIO: 'The disk reports an error.',
  ENAMETOOLONG: 'The name is too long for this folder.',
}

/** Why a file could not be written, for the person. `code` is Node's code of the error. */
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
