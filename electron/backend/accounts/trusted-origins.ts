import * as z from 'zod'
import type { AccountId } from '../../../shared/account.ts'
import { AppError } from '../../../shared/errors.ts'
import type { JsonFile } from '../files/json-file.ts'

/** A service can name any number of hosts, so only the last ones can be agreed to. */
const maxRefused = 100

const Stored = z.object({
  streamOrigins: z.array(z.unknown()).transform((origins) => origins.filter((origin) => typeof origin === 'string')),
})

interface Options {
  file: JsonFile
  /** The accounts' group in that file. */
  group: string
  /** Called when the list of an account has changed. */
  onChange(): void
}

/**
 * The origins that may get an account's token, besides its own server: those that the person agreed to. They can agree only to one that
 * was refused before, so that the window cannot name any other.
 */
export class TrustedOrigins {
  readonly #options: Options
  readonly #refused = new Map<AccountId, Set<string>>()
  /** What waits, by account and origin. */
  readonly #waiting = new Map<AccountId, Map<string, Set<() => void>>>()
  /** Ends what runs, by account and origin. */
  readonly #withdrawals = new Map<string, AbortController>()

  constructor(options: Options) {
    this.#options = options
  }

  of(accountId: AccountId): string[] {
    const { file, group } = this.#options
    return Stored.safeParse(file.entries(group).get(accountId)).data?.streamOrigins ?? []
  }

  /** True if the token may be sent there. Otherwise the person can agree to it from now on. */
  allows(accountId: AccountId, origin: string): boolean {
    if (this.of(accountId).includes(origin)) return true
    const refused = this.#refused.get(accountId) ?? new Set()
    refused.delete(origin)
    refused.add(origin)
    const [oldest] = refused
    if (refused.size > maxRefused && oldest !== undefined) refused.delete(oldest)
    this.#refused.set(accountId, refused)
    return false
  }

  /** The person agreed. Throws `refused` if nobody asked them. */
  trust(accountId: AccountId, origin: string): void {
    const trusted = this.of(accountId)
    if (trusted.includes(origin)) return
    const waiting = this.#waiting.get(accountId)
    const isAsked = this.#refused.get(accountId)?.has(origin) === true || waiting?.has(origin) === true
    if (!isAsked) throw new AppError('refused', 'Nothing of this account is on that host. Try what you wanted again.')
    this.#store(accountId, [...trusted, origin])
    this.#refused.get(accountId)?.delete(origin)
    for (const goOn of waiting?.get(origin) ?? []) goOn()
  }

  /** The person does not agree any more. */
  distrust(accountId: AccountId, origin: string): void {
    const others = this.of(accountId).filter((other) => other !== origin)
    this.#store(accountId, others)
    this.#withdraw(accountId, origin)
  }

  /** Aborts when an origin that is trusted now is not trusted any more. */
  untilWithdrawn(accountId: AccountId, origin: string): AbortSignal {
    const withdrawal = this.#withdrawals.get(keyOf(accountId, origin)) ?? new AbortController()
    if (this.of(accountId).includes(origin)) this.#withdrawals.set(keyOf(accountId, origin), withdrawal)
    return withdrawal.signal
  }

  #withdraw(accountId: AccountId, origin: string): void {
    this.#withdrawals.get(keyOf(accountId, origin))?.abort()
    this.#withdrawals.delete(keyOf(accountId, origin))
  }

  /** The account belongs to another server now, or to none: the person has not agreed to anything. What waits goes on, to find that out. */
  reset(accountId: AccountId): void {
    this.#refused.delete(accountId)
    const trusted = this.of(accountId)
    if (trusted.length > 0) this.#store(accountId, [])
    for (const origin of trusted) this.#withdraw(accountId, origin)
    for (const all of this.#waiting.get(accountId)?.values() ?? []) for (const goOn of all) goOn()
  }

  /** Resolves when the origin is trusted, or the account is another or gone. Rejects with the reason when the signal aborts first. */
  async changed(accountId: AccountId, origin: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.of(accountId).includes(origin)) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const leave = () => reject(signal.reason)
    const ofAccount = this.#waiting.get(accountId) ?? new Map<string, Set<() => void>>()
    const all = ofAccount.get(origin) ?? new Set()
    this.#waiting.set(accountId, ofAccount.set(origin, all.add(resolve)))
    signal.addEventListener('abort', leave, { once: true })
    try {
      await promise
    } finally {
      signal.removeEventListener('abort', leave)
      all.delete(resolve)
      if (all.size === 0) ofAccount.delete(origin)
      if (ofAccount.size === 0) this.#waiting.delete(accountId)
    }
  }

  #store(accountId: AccountId, streamOrigins: readonly string[]): void {
    const { file, group, onChange } = this.#options
    file.put(group, { [accountId]: { streamOrigins } })
    onChange()
  }
}

function keyOf(accountId: AccountId, origin: string): string {
  return `${accountId} ${origin}`
}
