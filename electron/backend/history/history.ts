import type { AccountId } from '../../../shared/account.ts'
import type { HistoryEntry, TransferId } from '../../../shared/transfer.ts'
import type { Journal, JournalRecord } from './journal.ts'

type Added = Extract<JournalRecord, { type: 'added' }>
type Left = Extract<JournalRecord, { type: 'left' }>

/**
 * The history of transfers. Put.io forgets a transfer as soon as it is done, so the app keeps its own record: the links of
 * transfers that are still listed, and the outcome of those that have left.
 */
export class History {
  readonly #journal: Journal
  /** Pending transfers by id, per account. */
  readonly #pending = new Map<AccountId, Map<TransferId, Added>>()
  /** Transfers that have left, per account, oldest first. */
  readonly #left = new Map<AccountId, Left[]>()

  constructor(journal: Journal) {
    this.#journal = journal
    for (const record of journal.records) this.#apply(record)
  }

  /** Records that a transfer was added, with its links. */
  added(record: Omit<Added, 'type'>): void {
    this.#write({ type: 'added', ...record })
  }

  /** Records that a transfer has left the list. */
  left(record: Omit<Left, 'type'>): void {
    this.#write({ type: 'left', ...record })
  }

  /** Clears the history of an account. Transfers that are still listed stay remembered. */
  clear(accountId: AccountId, atMs: number): void {
    this.#write({ type: 'cleared', accountId, atMs })
  }

  /** Removes everything about an account. */
  removeAccount(accountId: AccountId, atMs: number): void {
    this.#write({ type: 'removed', accountId, atMs })
  }

  /** The transfers that have left, newest first. */
  list(accountId: AccountId): HistoryEntry[] {
    return (this.#left.get(accountId) ?? []).map(toEntry).reverse()
  }

  /** What was recorded when a transfer was added, or null. */
  pending(accountId: AccountId, transferId: TransferId): Added | null {
    return this.#pending.get(accountId)?.get(transferId) ?? null
  }

  /** All recorded transfers of an account that have not left yet. */
  allPending(accountId: AccountId): Added[] {
    return [...(this.#pending.get(accountId)?.values() ?? [])]
  }

  #write(record: JournalRecord): void {
    this.#journal.append(record)
    this.#apply(record)
  }

  #apply(record: JournalRecord): void {
    switch (record.type) {
      case 'added': {
        const pending = this.#pending.get(record.accountId) ?? new Map<TransferId, Added>()
        pending.set(record.transferId, record)
        this.#pending.set(record.accountId, pending)
        return
      }
      case 'left': {
        this.#pending.get(record.accountId)?.delete(record.transferId)
        const left = this.#left.get(record.accountId) ?? []
        left.push(record)
        this.#left.set(record.accountId, left)
        return
      }
      case 'cleared':
        this.#left.delete(record.accountId)
        return
      case 'removed':
        this.#left.delete(record.accountId)
        this.#pending.delete(record.accountId)
        return
      default:
        record satisfies never
    }
  }
}

function toEntry({ type: _, transferId, ...record }: Left): HistoryEntry {
  return { id: `${record.accountId}-${transferId}-${record.atMs}`, ...record }
}
