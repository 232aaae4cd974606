import { Refusal } from '../errors/refusal.ts'
import { countsAsActive, type DeliveryStatus, type SwarmStatus, type Transfer } from './transfer.ts'

/** What can happen to a transfer. */
export type TransferEvent =
  /** The active limit admits it. */
  | { type: 'admitted' }
  /** It queues for a slot. */
  | { type: 'queued'; reason: string | null }
  /** It has a slot. */
  | { type: 'fetch-started' }
  /** The swarm of a torrent changed its status. */
  | { type: 'swarm-changed'; status: SwarmStatus }
  /** A torrent is complete, and shared from now on. */
  | { type: 'sharing-started' }
  /** Everything is fetched, and nothing is left to share. */
  | { type: 'fetch-ended' }
  | { type: 'fetch-failed'; reason: string }
  /** Its delivery reached another step. */
  | { type: 'delivery-advanced'; status: DeliveryStatus }
  /** All of it is in the space. */
  | { type: 'delivered'; note: string | null }
  | { type: 'delivery-failed'; reason: string; failure: string }
  /** Fetched bytes are gone, or were changed by another program. */
  | { type: 'bytes-lost'; reason: string | null; areGone: boolean }
  /** It was delivered and shared, and starts to leave the list. */
  | { type: 'leaving' }
  | { type: 'left' }
  /** The person retries it. `obstacle` is why its links cannot be fetched, or null. */
  | { type: 'retried'; password: string | null; isUnpacked: boolean; obstacle: string | null }
  | { type: 'cancelled' }
  /** The service has restarted. `hasAllBytes`: every fetched byte is still on the disk. */
  | { type: 'restarted'; hasAllBytes: boolean }

/** What to do after an event. */
export type Effect =
  /** Fetch it, or continue to share it. */
  | { type: 'fetch' }
  /** Stop sharing it. */
  | { type: 'stop-fetching' }
  /** Move it into the space. `isResumed`: first check that the fetched bytes are unchanged. */
  | { type: 'deliver'; isResumed: boolean }
  /** Discard what is left of it, and report its bytes as lost. */
  | { type: 'refetch' }
  /** Remove content that was on its way into the space. */
  | { type: 'discard'; contents: readonly string[] }
  /** Wait for a slot to leave the list. */
  | { type: 'leave' }
  /** Take it off the active transfers, and remove its work folder. */
  | { type: 'forget' }
  /** Stop all work on it, and remove everything it has. */
  | { type: 'remove'; contents: readonly string[] }

export interface Step {
  /** The fields of the transfer that change. */
  changes: Partial<Transfer>
  effects: readonly Effect[]
}

const nothing: Step = { changes: {}, effects: [] }
const fetch: Effect = { type: 'fetch' }
const redeliver: Effect = { type: 'deliver', isResumed: true }
const leave: Effect = { type: 'leave' }
const forget: Effect = { type: 'forget' }

/** The status of a new transfer; `obstacle` is why it cannot be fetched, or null. */
export function firstStatus(obstacle: string | null): Pick<Transfer, 'status' | 'reason'> {
  return { status: obstacle === null ? 'waiting' : 'error', reason: obstacle }
}

/**
 * The life of a transfer: how an event changes it, and what to do then. An event without a meaning in a state changes
 * nothing. Throws a `Refusal` for what a person cannot do in that state.
 */
export function next(transfer: Transfer, event: TransferEvent): Step {
  const { status, stage, isSharing, reason } = transfer
  const isBeingFetched = stage === 'fetching' && status !== 'waiting' && status !== 'error'
  switch (event.type) {
    case 'admitted':
      return status === 'waiting' ? step({ status: 'in-queue' }, fetch) : nothing
    case 'queued': {
      const isNews = status !== 'in-queue' || reason !== event.reason
      return isBeingFetched && isNews ? step({ status: 'in-queue', reason: event.reason, peers: 0 }) : nothing
    }
    case 'fetch-started':
      if (status !== 'in-queue') return nothing
      return step({ status: transfer.kind === 'torrent' ? 'looking-for-peers' : 'downloading', reason: null })
    case 'swarm-changed':
      // Unlike `step`, this keeps the speed, which the swarm reports too.
      return isBeingFetched && status !== event.status ? { changes: { status: event.status }, effects: [] } : nothing
    case 'sharing-started':
      return isBeingFetched ? beginDelivery(true) : nothing
    case 'fetch-ended':
      return isBeingFetched ? beginDelivery(false) : endSharing(transfer)
    case 'fetch-failed':
      if (!isBeingFetched) return endSharing(transfer)
      return step({ status: 'error', reason: event.reason, ...unfetched(transfer) })
    case 'delivery-advanced':
      if (stage !== 'delivering') return nothing
      return step({ deliveryStatus: event.status, status: isSharing ? 'seeding' : event.status })
    case 'delivered':
      if (stage !== 'delivering') return nothing
      return isSharing
        ? step({ stage: 'delivered', plan: null, reason: event.note })
        : step({ stage: 'delivered', plan: null, reason: event.note, status: 'completed' }, forget)
    case 'delivery-failed': {
      if (stage !== 'delivering' && stage !== 'undelivered') return nothing
      const failed = { stage: 'undelivered', reason: event.reason, failure: event.failure } as const
      return step({ ...failed, status: isSharing ? 'seeding' : 'error' })
    }
    case 'bytes-lost':
      return stage === 'delivering' || stage === 'undelivered' ? refetch(transfer, event) : nothing
    case 'leaving':
      return isLeaving(transfer) ? step({ status: 'completing' }) : nothing
    case 'left':
      return isLeaving(transfer) ? step({ status: 'completed' }, forget) : nothing
    case 'retried':
      return retry(transfer, event)
    case 'cancelled':
      return cancel(transfer)
    case 'restarted':
      return resume(transfer, event)
    default:
      return event satisfies never
  }
}

function step(changes: Partial<Transfer>, ...effects: Effect[]): Step {
  return { changes: { ...changes, bytesPerSecond: 0 }, effects }
}

function beginDelivery(isSharing: boolean): Step {
  const deliveryStatus = 'in-complete-queue'
  const status = isSharing ? 'seeding' : deliveryStatus
  return step(
    { isSharing, stage: 'delivering', deliveryStatus, status, reason: null },
    { type: 'deliver', isResumed: false },
  )
}

/** Its content is in the space, on its way there, or kept because it could not be delivered. */
function endSharing({ isSharing, stage, deliveryStatus }: Transfer): Step {
  if (!isSharing) return nothing
  if (stage === 'delivered') return step({ isSharing: false, status: 'in-complete-queue' }, leave)
  return step({ isSharing: false, status: stage === 'undelivered' ? 'error' : deliveryStatus })
}

function refetch(transfer: Transfer, { reason, areGone }: { reason: string | null; areGone: boolean }): Step {
  const again = { stage: 'fetching', isSharing: false, status: 'in-queue', reason, plan: null, peers: 0 } as const
  return step({ ...again, ...(areGone ? unfetched(transfer) : {}) }, fetch)
}

function isLeaving({ stage, isSharing, status }: Transfer): boolean {
  return stage === 'delivered' && !isSharing && status !== 'completed'
}

function retry(transfer: Transfer, event: TransferEvent & { type: 'retried' }): Step {
  const { name, kind, links, status, stage, failure, isSharing } = transfer
  const { password, isUnpacked, obstacle } = event
  if (status !== 'error' && stage !== 'undelivered') throw new Refusal(`“${name}” has not failed.`)
  const changes = { isUnpacked, failure: null, reason: null, password: password ?? transfer.password }
  // Unpacking the same damaged bytes again would not help.
  const isUseless = isUnpacked && password === null && failure === 'damaged' && !isSharing
  if (stage === 'undelivered' && !isUseless) {
    const deliveryStatus = 'in-complete-queue'
    const again = { stage: 'delivering', deliveryStatus, status: isSharing ? 'seeding' : deliveryStatus } as const
    return step({ ...changes, ...again }, redeliver)
  }
  if (kind === 'links' && links.length === 0)
    throw new Refusal('The links of this transfer are no longer known. Add them again.')
  if (obstacle !== null) throw new Refusal(obstacle)
  const discard: Effect = { type: 'discard', contents: plannedContents(transfer) }
  return step({ ...changes, stage: 'fetching', status: 'waiting', ...unfetched(transfer) }, discard)
}

/** A transfer that is only being shared leaves its content in the space, even if that is still on its way. */
function cancel(transfer: Transfer): Step {
  const { isSharing, stage, status } = transfer
  if (status === 'completed') return nothing
  if (!isSharing || stage !== 'delivering')
    return { changes: {}, effects: [{ type: 'remove', contents: plannedContents(transfer) }] }
  return { ...endSharing(transfer), effects: [{ type: 'stop-fetching' }] }
}

function resume(transfer: Transfer, { hasAllBytes }: { hasAllBytes: boolean }): Step {
  const { stage, status, isSharing } = transfer
  if (stage === 'fetching') return countsAsActive(status) ? { changes: {}, effects: [fetch] } : nothing
  if (stage !== 'delivered' && !hasAllBytes) return { changes: {}, effects: [{ type: 'refetch' }] }
  if (isLeaving(transfer)) return step({ status: 'in-complete-queue' }, leave)
  return { changes: {}, effects: [...(isSharing ? [fetch] : []), ...(stage === 'delivering' ? [redeliver] : [])] }
}

/** The fields of a transfer without any fetched bytes. */
function unfetched({ files, kind }: Transfer): Partial<Transfer> {
  const again = kind === 'torrent' ? [] : files.map((file) => ({ ...file, isWhole: false, resume: null }))
  return { files: again, torrentResume: null, downloadedBytes: 0, plan: null }
}

/** The contents that a transfer's files have, or will get, while they are moved into the space. */
export function plannedContents({ plan }: Transfer): string[] {
  return plan?.trees.flatMap(({ files }) => files.map((file) => file.content)) ?? []
}
