import type { AccountId } from '../../../shared/account.ts'
import { AppError } from '../../../shared/errors.ts'
import type { ItemId } from '../../../shared/item.ts'
import type { Session } from '../accounts/session.ts'
import type { Log } from '../host/log.ts'
import type { PutioClient } from '../putio/client.ts'
import { outermost } from './inside.ts'

/** How long quitting waits for the deletions to be sent. What is not sent by then is not deleted. */
const maxFlushMs = 3000

interface HeldDeletesOptions {
  log: Log
  /** How long a deletion is held back, so that it can be undone. */
  holdMs: number
  /** Shows a notice to the user. */
  tell(sentence: string): void
}

/** Items that were deleted together and are not deleted at the service yet. */
interface Batch {
  session: Session
  client: PutioClient
  itemIds: Set<ItemId>
  timer: NodeJS.Timeout
  /** Stops sending it. */
  stop: AbortController
}

/**
 * Deletions on services without a trash. They are held back for a few seconds, while the items are hidden and can be restored, and then
 * sent: each once, whatever the answer is. An orderly quit sends them; a crash does not, so nothing is deleted that the person might
 * have wanted back.
 */
export class HeldDeletes {
  readonly #options: HeldDeletesOptions
  readonly #batches = new Set<Batch>()
  /** Items whose deletion is being sent: still hidden, but no longer restorable. */
  readonly #sending = new Map<AccountId, Set<ItemId>>()
  readonly #sendings = new Map<Batch, Promise<void>>()

  constructor(options: HeldDeletesOptions) {
    this.#options = options
  }

  /** Hides items, and deletes them in a while. */
  hold(session: Session, itemIds: readonly ItemId[]): void {
    const hidden = this.hidden(session.account.id)
    const fresh = new Set(itemIds.filter((id) => !hidden.has(id)))
    if (fresh.size === 0) return
    const stop = new AbortController()
    const batch: Batch = {
      session,
      client: session.client().during(stop.signal),
      itemIds: fresh,
      stop,
      timer: setTimeout(() => this.#start(batch), this.#options.holdMs),
    }
    this.#batches.add(batch)
  }

  /** Takes back deletions that were not sent yet. Returns their items. */
  release(accountId: AccountId, itemIds: readonly ItemId[]): ItemId[] {
    const released: ItemId[] = []
    for (const batch of this.#batches) {
      if (batch.session.account.id !== accountId) continue
      for (const id of itemIds) if (batch.itemIds.delete(id)) released.push(id)
      if (batch.itemIds.size > 0) continue
      clearTimeout(batch.timer)
      this.#batches.delete(batch)
    }
    return released
  }

  /** The items of an account that are not to be shown. */
  hidden(accountId: AccountId): ReadonlySet<ItemId> {
    const held = [...this.#batches].filter(({ session }) => session.account.id === accountId)
    return new Set([...held.flatMap(({ itemIds }) => [...itemIds]), ...(this.#sending.get(accountId) ?? [])])
  }

  /** Sends all deletions now, or those of one account, as far as that is possible within a few seconds. */
  async flush(accountId: AccountId | null = null): Promise<void> {
    const isMeant = ({ session }: Batch) => accountId === null || session.account.id === accountId
    for (const batch of [...this.#batches].filter(isMeant)) this.#start(batch)
    const sendings = [...this.#sendings].filter(([batch]) => isMeant(batch))
    let timer: NodeJS.Timeout | null = null
    const isLate = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        for (const [{ stop }] of sendings) stop.abort(new AppError('cancelled', 'There was no more time for it.'))
        resolve()
      }, maxFlushMs)
    })
    await Promise.race([Promise.all(sendings.map(([, sending]) => sending)), isLate])
    if (timer !== null) clearTimeout(timer)
  }

  #start(batch: Batch): void {
    clearTimeout(batch.timer)
    this.#batches.delete(batch)
    const sending = this.#send(batch)
      .catch((error: unknown) => this.#options.log.error('held deletes', error))
      .finally(() => this.#sendings.delete(batch))
    this.#sendings.set(batch, sending)
  }

  async #send({ session, client, itemIds }: Batch): Promise<void> {
    const { id: accountId } = session.account
    const hidden = this.#sending.get(accountId) ?? new Set()
    this.#sending.set(accountId, hidden)
    for (const id of itemIds) hidden.add(id)
    const deleted: ItemId[] = []
    let problem: string | null = null
    try {
      const outer = new Set(await outermost(session, itemIds))
      for (const id of itemIds) {
        // What is inside another one goes along with it.
        const refusal = !outer.has(id) ? null : await refusalOf(() => client.deleteItem(id))
        if (refusal === null) deleted.push(id)
        else problem ??= refusal
      }
    } catch (error) {
      // The service does not answer, or is signed out: the rest would fail too.
      if (!(error instanceof AppError)) throw error
      problem ??= error.message
    } finally {
      for (const id of itemIds) hidden.delete(id)
      session.folders.remove(deleted)
      session.notifyChanged([], [...itemIds])
    }
    const left = itemIds.size - deleted.length
    if (problem !== null)
      this.#options.tell(`${left === 1 ? 'An item was' : `${left} items were`} not deleted. ${problem}`)
  }
}

/** Why the service refuses something; null if it does it, or if there is nothing to be done any more. */
async function refusalOf(act: () => Promise<void>): Promise<string | null> {
  try {
    await act()
    return null
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    if (error.code === 'not-found') return null
    if (error.code === 'refused') return error.message
    throw error
  }
}
