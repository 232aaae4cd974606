/** Why an archive could not be unpacked. */
export type ArchiveErrorKind =
  | 'needs-password'
  | 'wrong-password'
  | 'damaged'
  | 'missing-part'
  | 'unsafe'
  | 'too-large'
  | 'no-room'
  | 'unknown-method'
  | 'failed'

/** An error that ends an extraction. Its message is a sentence for the person that names the archive. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError'
  readonly kind: ArchiveErrorKind

  constructor(kind: ArchiveErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}

/** Quotes a name from an archive safely in a sentence: without control characters or direction marks, and shortened. */
export function quoted(name: string): string {
  const shown = name.toWellFormed().replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd')
  return `“${shown.length > 80 ? `${shown.slice(0, 79)}…` : shown}”`
}

/** The archive itself is damaged. */
export function damaged(archive: string, why: string, cause?: unknown): ArchiveError {
  return new ArchiveError('damaged', `${quoted(archive)} could not be unpacked: ${why}. Fetch it again.`, { cause })
}

/** Unpacking it could do harm, so nothing is unpacked. */
export function unsafe(archive: string, why: string): ArchiveError {
  return new ArchiveError('unsafe', `${quoted(archive)} was not unpacked, for safety: ${why}.`)
}

/** It exceeds a limit. */
export function tooLarge(archive: string, why: string): ArchiveError {
  return new ArchiveError('too-large', `${quoted(archive)} was not unpacked: ${why}.`)
}

/** It needs more memory than unpacking may use. */
export function needsMemory(archive: string): ArchiveError {
  return tooLarge(archive, 'unpacking it needs more memory than it may use')
}
