import { FetchError, isFullDisk, translateError } from '../../../engine/fetch-error.ts'
import { GateError } from '../../../engine/net/gate.ts'
import { ArchiveError } from '../../archive/archive-error.ts'
import { TorrentError } from '../../torrent/types.ts'
import { Refusal } from './refusal.ts'

const errorsWithSentence = [Refusal, FetchError, GateError, ArchiveError, TorrentError]

/** What went wrong, in a sentence for the person; null for an internal error, which belongs in the log. */
export function reasonOf(error: unknown): string | null {
  const translated = translateError(error, 'The server')
  const isKnown = errorsWithSentence.some((kind) => translated instanceof kind)
  return isKnown && translated instanceof Error ? translated.message : null
}

/** The kind of a failure, which decides what the person can do about it. */
export function failureOf(error: unknown): string {
  return error instanceof ArchiveError ? error.kind : 'other'
}

/** True when the disk was full, which is worth waiting for. */
export function isOutOfSpace(error: unknown): boolean {
  if (isFullDisk(error) || (error instanceof ArchiveError && error.kind === 'no-room')) return true
  return error instanceof Error && error.cause !== undefined && isOutOfSpace(error.cause)
}
