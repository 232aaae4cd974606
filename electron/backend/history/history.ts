import type { AccountId } from '../../../shared/account.ts'
import type { HistoryEntry, TransferId } from '../../../shared/transfer.ts'
import type { LinkSeal } from '../secrets/link-seal.ts'
import { plainLink } from '../secrets/plain-link.ts'
import type { Journal, JournalRecord } from './journal.ts'

type Added = Extract<JournalRecord, { type: 'added' }>
type Left = Extract<JournalRecord, { type: 'left' }>

/**
 * The history of transfers. Put.io forgets a transfer as soon as it is done, so the app keeps its own record: the links of
 * transfers that are still listed, and the outcome of those that have left. Links are encrypted in the file, as they may contain secrets.
 */
export class History {
  readonly #journal: Journal
  #seal: LinkSeal | null = null
  /** Pending transfers by id, per account. */
  readonly #pending = new Map<AccountId, Map<TransferId, Added>>()
  /** Transfers that have left, per account, oldest first. */
  readonly #left = new Map<AccountId, Left[]>()
  /** What was cleared and not restored, per account, by the time of clearing. */
  readonly #cleared = new Map<AccountId, Map<number, Left[]>>()

  constructor(journal: Journal) {
    this.#journal = journal
    for (const record of journal.records) this.#apply(record)
  }

  /**
   * Reads encrypted links, and encrypts others from now on, also those that earlier versions stored as they are. Without a key these stay
   * as they are. Before it is called, links that are likely to contain a secret are not stored.
   */
  useSeal(seal: LinkSeal): void {
    this.#seal = seal
    // Those of transfers that have left are many, and rarely wanted: they are decrypted when they are.
    for (const pending of this.#pending.values())
      for (const [id, record] of pending) pending.set(id, { ...record, links: this.#linksIn(record) })
    const isOpen = (record: JournalRecord) => 'links' in record && record.links.length > 0
    if (seal.canSeal && this.#journal.records.some(isOpen)) this.#journal.rewrite((record) => this.#stored(record))
  }

  /** Records that a transfer was added, with its links. */
  added(record: Omit<Added, 'type'>): void {
    this.#write({ type: 'added', ...record })
  }

  /** Records that a transfer has left the list. */
  left(record: Omit<Left, 'type'>): void {
    // Links that cannot be read now may be readable again after another start.
    const sealedLinks =
      record.links.length === 0 ? this.pending(record.accountId, record.transferId)?.sealedLinks : undefined
    this.#write({ type: 'left', ...record, ...(sealedLinks !== undefined && { sealedLinks }) })
  }

  /**
   * Clears the history of an account, and returns the time by which it can be restored. Transfers that are still listed stay
   * remembered.
   */
  clear(accountId: AccountId, nowMs: number): number {
    let atMs = nowMs
    while (this.#cleared.get(accountId)?.has(atMs) === true) atMs++
    this.#write({ type: 'cleared', accountId, atMs })
    return atMs
  }

  /** Brings back what was cleared at a time. Returns false if nothing was, or if it is back already. */
  restore(accountId: AccountId, clearedAtMs: number, atMs: number): boolean {
    if (this.#cleared.get(accountId)?.has(clearedAtMs) !== true) return false
    this.#write({ type: 'restored', accountId, clearedAtMs, atMs })
    return true
  }

  /** Removes everything about an account. */
  removeAccount(accountId: AccountId, atMs: number): void {
    this.#write({ type: 'removed', accountId, atMs })
  }

  /** The transfers that have left, newest first. */
  list(accountId: AccountId): HistoryEntry[] {
    const canUnseal = this.#seal?.canSeal === true
    return (this.#left.get(accountId) ?? []).map((record) => toEntry(record, canUnseal)).reverse()
  }

  /** The links of a transfer that has left; null if there is none, or its links are not known. */
  linksOf(accountId: AccountId, entryId: string): readonly string[] | null {
    const record = this.#left.get(accountId)?.find((left) => idOf(left) === entryId)
    const links = record === undefined ? [] : this.#linksIn(record)
    return links.length === 0 ? null : links
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
    this.#journal.append(this.#stored(record))
    this.#apply(record)
  }

  #linksIn({ links, sealedLinks }: Added | Left): string[] {
    return sealedLinks === undefined ? links : (this.#seal?.unseal(sealedLinks) ?? [])
  }

  /** The form in which a record is stored: with its links encrypted or, without a key, only those that are likely to be no secret. */
  #stored(record: JournalRecord): JournalRecord {
    if (!('links' in record) || record.links.length === 0) return record
    const sealed = this.#seal?.seal(record.links) ?? null
    if (sealed !== null) return { ...record, links: [], sealedLinks: sealed }
    return { ...record, links: record.links.flatMap((link) => plainLink(link) ?? []) }
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
      case 'cleared': {
        const cleared = this.#cleared.get(record.accountId) ?? new Map<number, Left[]>()
        this.#cleared.set(record.accountId, cleared.set(record.atMs, this.#left.get(record.accountId) ?? []))
        this.#left.delete(record.accountId)
        return
      }
      case 'restored': {
        const cleared = this.#cleared.get(record.accountId)
        const before = cleared?.get(record.clearedAtMs) ?? []
        cleared?.delete(record.clearedAtMs)
        const all = [...before, ...(this.#left.get(record.accountId) ?? [])]
        this.#left.set(
          record.accountId,
          all.sort((a, b) => a.atMs - b.atMs),
        )
        return
      }
      case 'removed':
        this.#cleared.delete(record.accountId)
        this.#left.delete(record.accountId)
        this.#pending.delete(record.accountId)
        return
      default:
        record satisfies never
    }
  }
}

function toEntry({ type: _, links, sealedLinks, ...record }: Left, canUnseal: boolean): HistoryEntry {
  const areLinksKnown = links.length > 0 || (sealedLinks !== undefined && canUnseal)
  return { id: idOf(record), ...record, areLinksKnown }
}

function idOf({ accountId, transferId, atMs }: Pick<Left, 'accountId' | 'transferId' | 'atMs'>): string {
  return `${accountId}-${transferId}-${atMs}`
}
