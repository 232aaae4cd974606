import * as z from 'zod'
import type { SecretKeeping } from '../../shared/account.ts'
import type { HandlersOf } from '../../shared/contract.ts'
import { type Hoster, HosterSignIn } from '../../shared/hoster.ts'
import type { Host } from './host.ts'
import type { Log } from './log.ts'

const vaultName = 'hosters'
const Stored = z.array(HosterSignIn)

/** A paid hoster as the local service is told of it. */
export type HosterAccount = { host: string; user: string; password: string } | { host: string; cookie: string }

type Kept = HosterSignIn & { keeping: SecretKeeping }

/** What the hosters need of the backend around them. */
export interface HostersOptions {
  host: Host
  log: Log
  /** They are others now; the running service is told. */
  onChange(): void
}

/** The paid hosters that the person has accounts with. What signs in there rests in the vault alone, or only in memory. */
export class Hosters {
  readonly #options: HostersOptions
  readonly #known = new Map<string, Kept>()

  constructor(options: HostersOptions) {
    this.#options = options
  }

  /** Reads what was kept. */
  async open(): Promise<void> {
    const { vault } = this.#options.host
    const kept = await vault.read(vaultName)
    if (kept === null) return
    const keeping = await vault.protection()
    for (const hoster of Stored.parse(JSON.parse(kept))) this.#put({ ...hoster, keeping })
  }

  /** As the service takes them. */
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
        const protection = await this.#options.host.vault.protection()
        const isKeepable = isKept && (mayBePlain || protection === 'protected')
        this.#put({ host, signIn, keeping: isKeepable ? protection : 'session' })
        await this.#store()
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
    const { log } = this.#options
    if (hoster.signIn.with === 'cookie') log.hide(hoster.signIn.cookie)
    else log.hide(hoster.signIn.password)
    this.#known.set(hoster.host, hoster)
  }

  async #store(): Promise<void> {
    const { vault } = this.#options.host
    const kept = [...this.#known.values()].filter(({ keeping }) => keeping !== 'session')
    if (kept.length === 0) await vault.remove(vaultName)
    else await vault.write(vaultName, JSON.stringify(Stored.parse(kept)))
    this.#options.onChange()
  }

  #list(): Hoster[] {
    return [...this.#known.values()]
      .map(({ host, signIn, keeping }) => ({ host, signsInWith: signIn.with, keeping }))
      .sort((one, other) => one.host.localeCompare(other.host))
  }
}
