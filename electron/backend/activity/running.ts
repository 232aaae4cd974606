import type { AccountId } from '../../../shared/account.ts'
import type { EventData, EventName } from '../../../shared/contract.ts'
import type { Save, SaveId } from '../../../shared/save.ts'
import type { Send, SendId } from '../../../shared/send.ts'
import { holdsSlot } from '../../../shared/slots.ts'
import type { Transfer, TransferId, TransferStatus } from '../../../shared/transfer.ts'

/** What would be interrupted by quitting, by name. */
export interface Interrupted {
  transfers: readonly string[]
  saves: readonly string[]
  sends: readonly string[]
}

/** The statuses in which bytes of a transfer move. One that waits, looks for peers or only shares does not keep the computer awake. */
const moving: ReadonlySet<TransferStatus> = new Set([
  'downloading',
  'downloading-and-seeding',
  'in-complete-queue',
  'in-extraction-queue',
  'extracting',
  'completing',
])

/** What runs on this computer, from the events that the windows get: transfers of the local service, saves and sends. */
export class Running {
  readonly #local = new Set<AccountId>()
  readonly #transfers = new Map<AccountId, Map<TransferId, Transfer>>()
  readonly #saves = new Map<SaveId, Save>()
  readonly #sends = new Map<SendId, Send>()

  see<E extends EventName>(name: E, data: EventData<E>): void
  see(name: EventName, data: never): void {
    if (name === 'accounts.changed') this.#seeAccounts(data)
    else if (name === 'transfers.changed') this.#seeTransfers(data)
    else if (name === 'saves.changed') this.#seeSaves(data)
    else if (name === 'sends.changed') this.#seeSends(data)
  }

  /** The transfers of the local service that are not finished, and the saves and sends that run. */
  interrupted(): Interrupted {
    const transfers = this.#localTransfers().filter(({ status }) => holdsSlot(status) || status === 'waiting')
    const namesOf = (all: Iterable<{ name: string }>) => [...all].map(({ name }) => name)
    return { transfers: namesOf(transfers), saves: namesOf(this.#runningSaves()), sends: namesOf(this.#runningSends()) }
  }

  /** What share of all running saves and sends is done, from 0 to 1; null while none runs or none has a size. */
  share(): number | null {
    let [done, total] = [0, 0]
    const add = (sizeBytes: number | null, doneBytes: number) => {
      if (sizeBytes === null) return
      done += doneBytes
      total += sizeBytes
    }
    for (const { sizeBytes, savedBytes } of this.#runningSaves()) add(sizeBytes, savedBytes)
    for (const { sizeBytes, sentBytes } of this.#runningSends()) add(sizeBytes, sentBytes)
    return total === 0 ? null : Math.min(1, done / total)
  }

  #runningSaves(): Save[] {
    return [...this.#saves.values()].filter(({ status }) => ['waiting', 'listing', 'saving'].includes(status))
  }

  #runningSends(): Send[] {
    return [...this.#sends.values()].filter(({ status }) => ['waiting', 'listing', 'sending'].includes(status))
  }

  /** True while bytes move on this computer. */
  isMoving(): boolean {
    const isSaving = this.#runningSaves().some(({ status }) => status !== 'waiting')
    const isSending = this.#runningSends().some(({ status }) => status !== 'waiting')
    return isSaving || isSending || this.#localTransfers().some(({ status }) => moving.has(status))
  }

  #localTransfers(): Transfer[] {
    return [...this.#local]
      .flatMap((id) => [...(this.#transfers.get(id)?.values() ?? [])])
      .filter(({ isCancelled }) => !isCancelled)
  }

  #seeAccounts(accounts: EventData<'accounts.changed'>): void {
    this.#local.clear()
    for (const { id, kind } of accounts) if (kind === 'this-computer') this.#local.add(id)
  }

  #seeTransfers({ accountId, isReset, upserted, removed }: EventData<'transfers.changed'>): void {
    const list = isReset ? new Map<TransferId, Transfer>() : (this.#transfers.get(accountId) ?? new Map())
    for (const id of removed) list.delete(id)
    for (const transfer of upserted) list.set(transfer.id, transfer)
    this.#transfers.set(accountId, list)
  }

  #seeSaves({ isReset, upserted, removed }: EventData<'saves.changed'>): void {
    if (isReset) this.#saves.clear()
    for (const id of removed) this.#saves.delete(id)
    for (const save of upserted) this.#saves.set(save.id, save)
  }

  #seeSends({ isReset, upserted, removed }: EventData<'sends.changed'>): void {
    if (isReset) this.#sends.clear()
    for (const id of removed) this.#sends.delete(id)
    for (const send of upserted) this.#sends.set(send.id, send)
  }
}
