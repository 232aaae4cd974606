import { open } from 'node:fs/promises'
import { type Arrival, ArrivalEnded } from '../../../engine/fetch/arrival.ts'
import { NotFound } from '../errors/refusal.ts'
import type { Content } from '../space/content.ts'
import { extensionOf } from '../space/kinds.ts'
import type { Space } from '../space/space.ts'
import type { Arrivals } from './arrivals.ts'
import { pathResolver } from './delivery.ts'
import { isMedia, mediaIndexes } from './media-indexes.ts'
import type { Transfer } from './transfer.ts'

/** A film or a sound of a transfer. */
interface MediaFile {
  index: number
  name: string
  sizeBytes: number
  /** The item that it became; null before it is in the space. */
  itemId: number | null
}

/** A file of a transfer, open for reading. */
export interface OpenTransferFile {
  name: string
  sizeBytes: number
  /** Identifies the version that is read. */
  tag: string
  /** Reads at least one byte, once it has arrived. Rejects with `ArrivalEnded` when it will not. */
  read(buffer: Buffer, position: number, signal: AbortSignal): Promise<number>
}

interface Options {
  active: ReadonlyMap<number, Transfer>
  arrivals: Arrivals
  content: Content
  space: Space
}

/** How many clients may read a transfer at once. A player has a few connections. */
const maxReaders = 64

/** Players read the end of these first. */
const indexedAtEnd: ReadonlySet<string> = new Set(['mp4', 'm4v', 'm4a', 'mov', '3gp', 'avi', 'divx', 'wmv'])

/** The films and sounds of transfers, readable while they arrive. */
export class TransferFiles {
  readonly #options: Options
  /** How many read each transfer. */
  readonly #readers = new Map<number, number>()

  constructor(options: Options) {
    this.#options = options
  }

  /** True when something of a transfer can be played now. */
  canPlay(transfer: Transfer): boolean {
    const { arrivals } = this.#options
    return mediaIndexes(transfer).some((index) => {
      const arrival = arrivals.find(transfer.id, index)
      return arrival !== null && isPlayable(arrival, nameOf(transfer, index), transfer)
    })
  }

  /** What can be played of a transfer, in its order, also when it has ended meanwhile. Empty when there is nothing. Throws `NotFound`. */
  list(transferId: number): MediaFile[] {
    const { active, arrivals, space } = this.#options
    const transfer = active.get(transferId)
    const indexes = transfer === undefined ? arrivals.deliveredOf(transferId) : mediaIndexes(transfer)
    if (transfer === undefined && indexes.length === 0)
      throw new NotFound(`There is no transfer with the id ${transferId}.`)
    return indexes.flatMap((index) => {
      const itemId = arrivals.itemId(transferId, index)
      const item = itemId === null ? null : space.find(itemId)
      const name = item?.name ?? (transfer === undefined ? '' : nameOf(transfer, index))
      const arrival = arrivals.find(transferId, index)
      const isGone = (itemId !== null && item === null) || !isMedia(name)
      if (isGone || arrival === null || arrival.sizeBytes === null || !isPlayable(arrival, name, transfer)) return []
      return { index, name, sizeBytes: arrival.sizeBytes, itemId }
    })
  }

  /** Opens a film or a sound, also when its transfer has ended meanwhile. Null when there is none, or its size is unknown. */
  open(transferId: number, index: number): OpenTransferFile | null {
    const { active, arrivals, space } = this.#options
    const transfer = active.get(transferId)
    const itemId = arrivals.itemId(transferId, index)
    const item = itemId === null ? null : space.find(itemId)
    if (transfer === undefined && item === null) return null
    const name = item?.name ?? (transfer === undefined ? '' : nameOf(transfer, index))
    if (!isMedia(name)) return null
    const reader = arrivals.find(transferId, index)?.open() ?? null
    if (reader === null) return null
    return {
      name,
      sizeBytes: reader.sizeBytes,
      tag: reader.tag,
      read: async (buffer, position, signal) => {
        const end = await reader.readableAt(position, position + buffer.length, signal)
        const wanted = buffer.subarray(0, Math.min(buffer.length, end - position))
        const bytesRead = await readFrom(() => this.#path(transferId, index), wanted, position)
        reader.check(position, position + bytesRead)
        if (bytesRead === 0) throw new ArrivalEnded('Another program changed what had been fetched.')
        return bytesRead
      },
    }
  }

  /** Counts someone who reads a transfer until they call what is returned. Null when there are too many. */
  admit(transferId: number): (() => void) | null {
    const readers = this.#readers.get(transferId) ?? 0
    if (readers >= maxReaders) return null
    this.#readers.set(transferId, readers + 1)
    return () => {
      const left = (this.#readers.get(transferId) ?? 1) - 1
      if (left > 0) this.#readers.set(transferId, left)
      else this.#readers.delete(transferId)
    }
  }

  /** Where a file is now: it moves when it is delivered. */
  #path(transferId: number, index: number): string {
    const { active, arrivals, content, space } = this.#options
    const itemId = arrivals.itemId(transferId, index)
    const stored = itemId === null ? null : (space.find(itemId)?.content ?? null)
    if (stored !== null) return content.path(stored)
    const transfer = active.get(transferId)
    if (transfer === undefined) throw new ArrivalEnded('It was deleted.')
    return pathResolver(transfer, content)(`${index}`)
  }
}

function nameOf({ files }: Transfer, index: number): string {
  return files[index]?.path.at(-1) ?? ''
}

/**
 * Where parts arrive only in order, a player that begins at the end would wait for everything. Torrents arrive in any order: once
 * something has come, what a player asks for comes too.
 */
function isPlayable(arrival: Arrival, name: string, transfer: Transfer | undefined): boolean {
  if (arrival.sizeBytes === null) return false
  if (transfer?.kind === 'torrent') return transfer.downloadedBytes > 0
  return arrival.hasBegun && (arrival.canJump || !indexedAtEnd.has(extensionOf(name)))
}

/** Opens the file for each read, so that it can be moved and deleted at any time, on every system. */
async function readFrom(path: () => string, buffer: Buffer, position: number): Promise<number> {
  for (let at = path(); ; ) {
    try {
      const file = await open(at, 'r')
      try {
        return (await file.read(buffer, 0, buffer.length, position)).bytesRead
      } finally {
        await file.close()
      }
    } catch (error) {
      const next = path()
      if (next === at) throw error
      at = next
    }
  }
}
