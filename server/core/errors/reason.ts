import { FetchError, isFullDisk, translateError } from '../../../engine/fetch-error.ts'
import { GateError } from '../../../engine/net/gate.ts'
import { ArchiveError } from '../../archive/archive-error.ts'
import { TorrentError } from '../../torrent/types.ts'
import { Refusal } from './refusal.ts'

const withSentence = [Refusal, FetchError, GateError, ArchiveError, TorrentError]

/** What went wrong, in a sentence for the person; null for a fault of the program, which belongs in the log. */
export function reasonOf(fault: unknown): string | null {
  const translated = translateError(fault, 'The server')
  const isKnown = withSentence.some((kind) => translated instanceof kind)
  return isKnown && translated instanceof Error ? translated.message : null
}

/** The kind of a failure that what can be done about it depends on. */
export function failureOf(fault: unknown): string {
  return fault instanceof ArchiveError ? fault.kind : 'other'
}

/** True when there was no room on the disk: worth waiting for. */
export function isForWantOfRoom(fault: unknown): boolean {
  if (isFullDisk(fault) || (fault instanceof ArchiveError && fault.kind === 'no-room')) return true
  return fault instanceof Error && fault.cause !== undefined && isForWantOfRoom(fault.cause)
}
