import { kindOf } from '../space/kinds.ts'
import type { Transfer, TransferFile } from './transfer.ts'

/** The list of a torrent's files never changes, and can be long. */
const known = new WeakMap<readonly TransferFile[], number[]>()

/** The indexes of a transfer's films and sounds. */
export function mediaIndexes(transfer: Pick<Transfer, 'files' | 'kind'>): number[] {
  const { files, kind } = transfer
  const found =
    known.get(files) ?? [...files.entries()].flatMap(([index, { path }]) => (isMedia(path.at(-1) ?? '') ? index : []))
  if (kind === 'torrent') known.set(files, found)
  return found
}

/** True for a film or a sound. */
export function isMedia(name: string): boolean {
  return ['movie', 'audio'].includes(kindOf(name).kind)
}
