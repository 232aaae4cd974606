import type { AccountId } from '../../../shared/account.ts'
import type { HistoryEntry, TransferId } from '../../../shared/transfer.ts'
import type { Journal, JournalRecord } from './journal.ts'

type Added = Extract<JournalRecord, { type: 'added' }>
type Left = Extract<JournalRecord, { type: 'left' }>

/**
 * What became of transfers. Put.io forgets a transfer the moment it is done, so this memory is our own: it knows the links of
 * those still listed, and keeps those that left.
 */
export class History {
  readonly #journal: Journal
  /** Of each account: its transfers by number, and what left, oldest first. */
  readonly #pending = new Map<AccountId, Map<TransferId, Added>>()
  readonly #left = new Map<AccountId, Left[]>()

  constructor(journal: Journal) {
    this.#journal = journal
    for (const record of journal.records) this.#apply(record)
  }

  /** Notes that a transfer was added here, with its links. */
  added(record: Omit<Added, 'type'>): void {
    this.#write({ type: 'added', ...record })
  }

  /** Notes that a transfer has left its list. */
  left(record: Omit<Left, 'type'>): void {
    this.#write({ type: 'left', ...record })
  }

  /** Forgets what left; transfers still listed are kept in mind. */
  clear(accountId: AccountId, atMs: number): void {
    this.#write({ type: 'cleared', accountId, atMs })
  }

  /** Forgets an account whole. */
  removeAccount(accountId: AccountId, atMs: number): void {
    this.#write({ type: 'removed', accountId, atMs })
  }

  /** Newest first. */
  list(accountId: AccountId): HistoryEntry[] {
    return (this.#left.get(accountId) ?? []).map(toEntry).reverse()
  }

  /** What was noted when a transfer was added here, or null. */
  pending(accountId: AccountId, transferId: TransferId): Added | null {
    return this.#pending.get(accountId)?.get(transferId) ?? null
  }

  /** All transfers of an account that were added here and have not been seen to leave. */
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
