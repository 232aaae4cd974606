import * as z from 'zod'
import type { SecretKeeping } from '../../../shared/account.ts'
import type { HandlersOf } from '../../../shared/contract.ts'
import { type Hoster, HosterSignIn } from '../../../shared/hoster.ts'
import type { Secrets } from '../secrets/secrets.ts'
import type { Vault } from '../secrets/vault.ts'

const vaultName = 'hosters'
const Stored = z.array(z.unknown())

/** An account at a paid hoster, as passed to the local service. */
export type HosterAccount = { host: string; user: string; password: string } | { host: string; cookie: string }

type Kept = HosterSignIn & { keeping: SecretKeeping }

/** The parts of the backend that the hosters depend on. */
export interface HostersOptions {
  vault: Vault
  secrets: Secrets
  /** Called when the accounts change, to update the running service. */
  onChange(): void
}

/** The user's accounts at paid hosters. Their credentials are stored in the vault, or only in memory. */
export class Hosters {
  readonly #options: HostersOptions
  readonly #known = new Map<string, Kept>()
  /** Stored entries that this version cannot use. They are written back unchanged. */
  readonly #unread: unknown[] = []
  /** The stored entry cannot be decrypted now: it is set aside before it is replaced. */
  #isLocked = false

  constructor(options: HostersOptions) {
    this.#options = options
  }

  /** Reads the stored accounts. */
  async open(): Promise<void> {
    const { vault } = this.#options
    this.#isLocked = vault.has(vaultName)
    const kept = await vault.read(vaultName)
    if (kept === null) return
    const keeping = await vault.protection()
    const all = Stored.parse(JSON.parse(kept))
    this.#isLocked = false
    for (const stored of all) {
      const hoster = HosterSignIn.safeParse(stored)
      if (hoster.success) this.#put({ ...hoster.data, keeping })
      else this.#unread.push(stored)
    }
  }

  /** The accounts in the form that the service accepts. */
  accounts(): HosterAccount[] {
    return [...this.#known.values()].map(({ host, signIn }) =>
      signIn.with === 'cookie'
        ? { host, cookie: signIn.cookie }
        : { host, user: signIn.user, password: signIn.password },
    )
  }

  handlers(): HandlersOf<'hosters'> {
    return {
      'hosters.list': async () => this.#list(),
      'hosters.put': async ({ host, signIn, isKept, mayBePlain }) => {
        const protection = await this.#options.vault.protection()
        const isKeepable = isKept && (mayBePlain || protection === 'protected')
        this.#put({ host, signIn, keeping: isKeepable ? protection : 'session' })
        const isStored = await this.#store()
        if (!isStored) this.#put({ host, signIn, keeping: 'session' })
        return this.#list()
      },
      'hosters.remove': async ({ host }) => {
        this.#known.delete(host)
        await this.#store()
        return this.#list()
      },
    }
  }

  #put(hoster: Kept): void {
    const { secrets } = this.#options
    secrets.add(hoster.signIn.with === 'cookie' ? hoster.signIn.cookie : hoster.signIn.password)
    this.#known.set(hoster.host, hoster)
  }

  /** Returns false if the vault could not be written. */
  async #store(): Promise<boolean> {
    const { vault, onChange } = this.#options
    const kept = [...this.#known.values()].filter(({ keeping }) => keeping !== 'session')
    const stored = [...kept.map((hoster) => HosterSignIn.parse(hoster)), ...this.#unread]
    if (this.#isLocked) vault.setAside(vaultName)
    this.#isLocked = false
    if (stored.length === 0) vault.remove(vaultName)
    const keeping = stored.length === 0 ? null : await vault.write(vaultName, JSON.stringify(stored))
    onChange()
    return keeping !== 'session'
  }

  #list(): Hoster[] {
    return [...this.#known.values()]
      .map(({ host, signIn, keeping }) => ({ host, signsInWith: signIn.with, keeping }))
      .sort((one, other) => one.host.localeCompare(other.host))
  }
}
