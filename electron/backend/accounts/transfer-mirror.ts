import type { EventData } from '../../../shared/contract.ts'
import type { Transfer, TransferId } from '../../../shared/transfer.ts'
import type { AnnouncedChanges, ListedTransfer, RememberedTransfer, TransferChanges } from '../putio/transfer-feed.ts'

/** A change of the transfer list, as sent to the window. */
export type TransferDelta = Omit<EventData<'transfers.changed'>, 'accountId' | 'isReset'>

/** A listed transfer as the window knows it, with facts that only the backend has. */
interface MirroredTransfer {
  transfer: Transfer
  /** The links it was created from, as far as known. */
  links: readonly string[]
  /** Whether the window was notified that its files have arrived. */
  hasArrived: boolean
}

/** Listed transfers by id, in list order. */
export type TransferMirror = ReadonlyMap<TransferId, MirroredTransfer>

/** What was recorded about a transfer; the sizes are missing where they were not known. */
type Remembered = Pick<RememberedTransfer, 'links' | 'folderId'> & {
  sizeBytes?: number | undefined
  unpackedBytes?: number | undefined
}

/** Further inputs of `reflect`. */
export interface MirrorOptions {
  nowMs: number
  /** Whether it was cancelled here, although it is still listed. */
  isCancelled(transferId: TransferId): boolean
  /** What was recorded when the transfer was first listed or was added here. */
  remembered(transferId: TransferId): Remembered | null
}

/** The mirror after a fetch of the list, and its difference from the previous one. */
export function reflect(
  before: TransferMirror,
  { listed, left }: Pick<TransferChanges, 'listed' | 'left'>,
  options: MirrorOptions,
): { after: TransferMirror; delta: TransferDelta } {
  const after = new Map(listed.map((one) => [one.id, toMirrored(one, before.get(one.id)?.transfer ?? null, options)]))
  const isNews = (id: TransferId) => before.get(id)?.hasArrived !== true
  const upserted = [...after.values()]
    .map(({ transfer }) => transfer)
    .filter((transfer) => JSON.stringify(transfer) !== JSON.stringify(before.get(transfer.id)?.transfer))
  const arrivedListed = listed
    .filter(({ id, hasArrived }) => hasArrived && isNews(id))
    .map(({ id, name, itemId }) => ({
      transferId: id,
      name,
      itemId,
      folderId: after.get(id)?.transfer.folderId ?? null,
    }))
  const arrivedLeft = left
    .filter(({ outcome, transferId }) => outcome === 'finished' && isNews(transferId))
    .map(({ transferId, name, itemId, folderId }) => ({ transferId, name, itemId, folderId }))
  const removed = [...before.keys()].filter((id) => !after.has(id))
  return { after, delta: { upserted, removed, arrived: [...arrivedListed, ...arrivedLeft] } }
}

/** The same after changes of some transfers; the others stay as they are. */
export function reflectSome(
  before: TransferMirror,
  { listed, left, goneIds }: Pick<AnnouncedChanges, 'listed' | 'left' | 'goneIds'>,
  options: MirrorOptions,
): { after: TransferMirror; delta: TransferDelta } {
  const ids = new Set([...listed.map(({ id }) => id), ...goneIds])
  const known = new Map(
    [...ids].flatMap((id) => {
      const one = before.get(id)
      return one === undefined ? [] : [[id, one] as const]
    }),
  )
  const { after: changed, delta } = reflect(known, { listed, left }, options)
  const after = new Map(before)
  for (const id of goneIds) after.delete(id)
  for (const [id, one] of changed) after.set(id, one)
  return { after, delta }
}

/** True if there is nothing to send to the window. */
export function isEmpty({ upserted, removed, arrived }: TransferDelta): boolean {
  return upserted.length + removed.length + arrived.length === 0
}

function toMirrored(
  { links: told, hasArrived, itemId: _, ...listed }: ListedTransfer,
  known: Transfer | null,
  { nowMs, isCancelled, remembered }: MirrorOptions,
): MirroredTransfer {
  const noted = remembered(listed.id)
  const links = told.length > 0 ? told : (noted?.links ?? [])
  const folderId = listed.folderId ?? noted?.folderId ?? null
  const statusSinceMs = sinceMs(listed, known, nowMs)
  const sizeBytes = listed.sizeBytes ?? noted?.sizeBytes ?? null
  const unpackedBytes = noted?.unpackedBytes ?? null
  const own = {
    sizeBytes,
    unpackedBytes,
    folderId,
    statusSinceMs,
    areLinksKnown: links.length > 0,
    isCancelled: isCancelled(listed.id),
  }
  return { links, hasArrived, transfer: { ...listed, ...own } }
}

/** When the current status began. For a transfer that is new here, the best guess is when it was added. */
function sinceMs(
  { status, addedAtMs }: Pick<ListedTransfer, 'status' | 'addedAtMs'>,
  known: Transfer | null,
  nowMs: number,
): number | null {
  if (known === null) return Math.min(addedAtMs ?? nowMs, nowMs)
  return known.status === status ? known.statusSinceMs : nowMs
}
