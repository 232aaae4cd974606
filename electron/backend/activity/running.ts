import type { AccountId } from '../../../shared/account.ts'
import type { EventData, EventName } from '../../../shared/contract.ts'
import type { Save, SaveId } from '../../../shared/save.ts'
import { holdsSlot } from '../../../shared/slots.ts'
import type { Transfer, TransferId, TransferStatus } from '../../../shared/transfer.ts'

/** What would be interrupted by quitting, by name. */
export interface Interrupted {
  transfers: readonly string[]
  saves: readonly string[]
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

/** What runs on this computer, from the events that the windows get: transfers of the local service, and saves. */
export class Running {
  readonly #local = new Set<AccountId>()
  readonly #transfers = new Map<AccountId, Map<TransferId, Transfer>>()
  readonly #saves = new Map<SaveId, Save>()

  see<E extends EventName>(name: E, data: EventData<E>): void
  see(name: EventName, data: never): void {
    if (name === 'accounts.changed') this.#seeAccounts(data)
    else if (name === 'transfers.changed') this.#seeTransfers(data)
    else if (name === 'saves.changed') this.#seeSaves(data)
  }

  /** The transfers of the local service that are not finished, and the saves that run. */
  interrupted(): Interrupted {
    const transfers = this.#localTransfers().filter(({ status }) => holdsSlot(status) || status === 'waiting')
    const saves = [...this.#saves.values()].filter(({ status }) => ['waiting', 'listing', 'saving'].includes(status))
    return { transfers: transfers.map(({ name }) => name), saves: saves.map(({ name }) => name) }
  }

  /** True while bytes move on this computer. */
  isMoving(): boolean {
    const isSaving = [...this.#saves.values()].some(({ status }) => status === 'saving' || status === 'listing')
    return isSaving || this.#localTransfers().some(({ status }) => moving.has(status))
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
}
