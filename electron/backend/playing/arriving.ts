import type { AccountId } from '../../../shared/account.ts'
import { AppError } from '../../../shared/errors.ts'
import { type Item, type ItemId, rootFolderId } from '../../../shared/item.ts'
import { maxPlayed } from '../../../shared/limits.ts'
import type { TransferFile } from '../putio/client.ts'
import type { Playbacks, PlayedTo } from './playbacks.ts'
import type { StreamSource } from './relay.ts'

/** What is smaller than this share of the largest film is a sample or a trailer. */
const minShare = 0.25

/** The films of a transfer, without samples, or else its sounds; in natural order, at most as many as one list holds. */
export function filesToPlay(files: readonly TransferFile[]): { files: TransferFile[]; total: number } {
  const films = files.filter(({ kind }) => kind === 'movie')
  const largestBytes = films.reduce((largest, { sizeBytes }) => Math.max(largest, sizeBytes), 0)
  const wanted = films.filter(({ sizeBytes }) => sizeBytes >= largestBytes * minShare)
  const all = (wanted.length > 0 ? wanted : [...files]).sort((a, b) => collator.compare(a.name, b.name))
  return { files: all.slice(0, maxPlayed), total: all.length }
}

interface Of {
  /** Lists the files of the transfer. */
  listFiles(): Promise<TransferFile[]>
  accountId: AccountId
  playbacks: Playbacks
}

/** Files of a transfer as items to play. How far they were played is noted at the end, for those that are items by then. */
export function playArriving(files: readonly TransferFile[], { listFiles, accountId, playbacks }: Of) {
  const entries = files.map((file) => ({ item: toItem(file), source: sourceOf(file, listFiles) }))
  const played = new Map<ItemId, PlayedTo>()
  return {
    entries,
    isArriving: true,
    playbacks: { note: (_accountId: AccountId, index: ItemId, to: PlayedTo) => void played.set(index, to) },
    onEnd: async () => {
      for (const { index, itemId } of played.size === 0 ? [] : await listFiles()) {
        const to = played.get(index)
        if (to !== undefined && itemId !== null) playbacks.note(accountId, itemId, to)
      }
      playbacks.save()
    },
  }
}

/** It has no id of its own yet: its index stands in for that. */
function toItem({ index, name, kind, sizeBytes }: TransferFile): Item {
  return { id: index, parentId: rootFolderId, name, kind, sizeBytes, addedAtMs: null }
}

/**
 * The account’s token may be another one when the URL is needed again. A service that has started again does not know the version that
 * was played, so the relay ends the link.
 */
function sourceOf({ index, url }: TransferFile, listFiles: Of['listFiles']): StreamSource {
  let ready: string | null = url
  return async () => {
    const known = ready
    ready = null
    if (known !== null) return known
    const file = (await listFiles()).find((one) => one.index === index)
    if (file === undefined) throw new AppError('not-found', 'The service no longer has this.')
    return file.url
  }
}

const collator = new Intl.Collator(undefined, { numeric: true })
