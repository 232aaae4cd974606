/** The data folder cannot be used, for the reason in the message. Nothing in it was changed. */
export class DataFolderError extends Error {
  override name = 'DataFolderError'
}

/** Error codes of the system and SQLite, and what the person can do. Source: sqlite.org/rescode.html, errno(3). */
const reasons: [codes: readonly (string | number)[], what: (path: string) => string][] = [
  [
    ['EACCES', 'EPERM', 3],
    (path) => `Putdesk may not use “${path}”: give your user the right to read and write it, or use another folder.`,
  ],
  [['EROFS', 8], (path) => `“${path}” cannot be written to: make it writable, or use another folder.`],
  [['ENOSPC', 'EDQUOT', 13], (path) => `The disk with “${path}” is full: free some space, then start again.`],
  [['ENOTDIR', 'EEXIST'], (path) => `“${path}” is not a folder: move it away, or use another folder.`],
  [['EISDIR'], (path) => `“${path}” is a folder where a file is needed: move it away, then start again.`],
  [['ENAMETOOLONG'], (path) => `The path “${shorten(path)}” is too long: use a folder with a shorter one.`],
  [['ELOOP'], (path) => `“${path}” is a link that leads nowhere: remove or repair it.`],
  [['ENOENT'], (path) => `“${path}” is not there, or a folder on the way to it is missing.`],
  [['EMFILE', 'ENFILE'], (path) => `“${path}” cannot be opened: too many files are open on this computer.`],
  [['EIO', 10, 14], (path) => `“${path}” cannot be read or written: check the disk that it is on.`],
]

/** Turns an error about the data folder into a sentence; null for an internal error. */
export function toFolderError(error: unknown, place: string): DataFolderError | null {
  if (error instanceof DataFolderError) return error
  if (!(error instanceof Error)) return null
  const path = 'path' in error && typeof error.path === 'string' ? error.path : place
  const code = 'errcode' in error ? Number(error.errcode) & 0xff : 'code' in error ? error.code : null
  const [, what] = reasons.find(([codes]) => codes.some((one) => one === code)) ?? []
  return what === undefined ? null : new DataFolderError(what(path), { cause: error })
}

function shorten(path: string): string {
  return path.length > 120 ? `${path.slice(0, 80)}…${path.slice(-30)}` : path
}
