import type { Transfer } from '../../../shared/transfer.ts'

/** A row of the list, and whether its transfer has left. */
export interface Place {
  transfer: Transfer
  isGone: boolean
}

/** The places of a list of transfers. */
export function placesOf(list: readonly Transfer[]): Place[] {
  return list.map((transfer) => ({ transfer, isGone: false }))
}

/**
 * The same rows with the transfers of now: what has left keeps its place, and what is new comes last. So nothing moves under the pointer
 * while it is over the list.
 */
export function keepPlaces(before: readonly Place[], list: readonly Transfer[]): Place[] {
  const now = new Map(list.map((transfer) => [transfer.id, transfer]))
  const kept = before.map(({ transfer }): Place => {
    const current = now.get(transfer.id)
    return { transfer: current ?? transfer, isGone: current === undefined }
  })
  const known = new Set(before.map(({ transfer }) => transfer.id))
  return [...kept, ...placesOf(list.filter(({ id }) => !known.has(id)))]
}
