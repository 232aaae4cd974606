import type { DeliverySlots } from './delivery.ts'
import type { FetchQueue } from './fetch-queue.ts'
import type { SlotPool } from './slot-pool.ts'
import type { Transfer } from './transfer.ts'

/** A shorter pause needs no explanation. */
const explainAfterMs = 3000
const maxNamed = 2
const maxNameLength = 60

/** The queues, and which transfers may be named to the user. */
interface Queues {
  fetching: FetchQueue
  delivering: DeliverySlots
  /** False for transfers of other users, which are counted but not named. */
  isOwn(transfer: Transfer): boolean
  /** The user's transfers that wait for the active limit, next first. */
  waiting: readonly Transfer[]
  activeLimit: number
}

/**
 * Returns a function that explains why a transfer waits, in sentences, with its position in the queue; or gives the
 * transfer's own reason.
 */
export function reasonsOf({
  fetching,
  delivering,
  isOwn,
  waiting,
  activeLimit,
}: Queues): (transfer: Transfer) => string | null {
  const positionsIn = (pool: SlotPool<Transfer>) =>
    new Map(pool.queued().map((transfer, index) => [transfer, index + 1]))
  const links = positionsIn(fetching.links)
  const torrents = positionsIn(fetching.torrents)
  const [unpack, complete] = [positionsIn(delivering.unpack), positionsIn(delivering.complete)]
  const slots = new Map(waiting.map((transfer, index) => [transfer, index + 1]))
  const limitText = activeLimit === 1 ? 'one transfer runs' : `${activeLimit} transfers run`
  return (transfer) => {
    const { reason, kind } = transfer
    const withPosition = (place: number, why: string) =>
      [reason, why, `Position in the queue: ${place}.`].filter(Boolean).join(' ')
    const names = (pool: SlotPool<Transfer>) => namesOf(pool.active(), isOwn)
    const slotPlace = slots.get(transfer)
    if (slotPlace !== undefined) return withPosition(slotPlace, `The computer is busy, so only ${limitText} at once.`)
    const fetchPlace = (kind === 'torrent' ? torrents : links).get(transfer)
    if (fetchPlace !== undefined) {
      const pool = fetching.poolOf(transfer)
      const what = kind === 'torrent' ? 'torrents' : 'links'
      const holders = names(pool)
      const now = holders === '' ? '' : `; now ${holders}`
      return withPosition(fetchPlace, `At most ${pool.limit} ${what} are fetched at once${now}.`)
    }
    const unpackPlace = unpack.get(transfer)
    if (unpackPlace !== undefined)
      return withPosition(unpackPlace, `One archive is unpacked at a time; now ${names(delivering.unpack)}.`)
    const completePlace = complete.get(transfer)
    if (completePlace !== undefined)
      return withPosition(completePlace, `One transfer is saved at a time; now ${names(delivering.complete)}.`)
    return reason ?? (fetching.poolOf(transfer).stalledMs(transfer) >= explainAfterMs ? stallReason(transfer) : null)
  }
}

/** Why a transfer does not move, as far as is known; null when its status says enough. */
export function stallReason({ kind, links, peers, sizeBytes, downloadedBytes }: Transfer): string | null {
  if (kind === 'torrent') {
    if (peers === 0) return null
    return sizeBytes === null
      ? 'The people who were found have not told what it holds yet.'
      : 'The people who share it send nothing just now.'
  }
  const [link = ''] = links
  const host = URL.canParse(link) ? new URL(link).hostname : ''
  const server = links.length === 1 && host !== '' ? `“${host}”` : 'The server'
  return downloadedBytes === 0
    ? `${server} has sent nothing yet. It holds up no others.`
    : `${server} sends nothing just now, or very slowly. It holds up no others.`
}

function namesOf(transfers: Transfer[], isOwn: (transfer: Transfer) => boolean): string {
  const own = transfers.filter(isOwn)
  const named = own.slice(0, maxNamed).map(({ name }) => `“${name.slice(0, maxNameLength)}”`)
  const rest = transfers.length - named.length
  if (rest > 0) named.push(named.length === 0 ? `${rest} of other users` : `${rest} ${rest === 1 ? 'other' : 'others'}`)
  if (named.length === 0) return ''
  const verb = transfers.length === 1 ? 'is' : 'are'
  return `${new Intl.ListFormat('en-GB', { type: 'conjunction' }).format(named)} ${verb}`
}
