import { randomUUID } from 'node:crypto'
import * as z from 'zod'
import { trimEnd } from '../../engine/trim-end.ts'
import { Account, type AccountId } from '../../shared/account.ts'
import type { HandlersOf, Input } from '../../shared/contract.ts'
import { AppError } from '../../shared/errors.ts'
import type { Emit } from './emit.ts'
import type { History } from './history.ts'
import type { Host } from './host.ts'
import type { LocalService } from './local-service.ts'
import type { Log } from './log.ts'
import { createV1Client } from './putio/v1/client.ts'
import type { Credentials } from './putio/v1/request.ts'
import { Session } from './session.ts'

const StoredAccounts = z.array(Account.pick({ id: true, kind: true, name: true, address: true, keeping: true }))
const StoredCredentials = z.object({ apiKey: z.string(), apiSecret: z.string() })

/** What the accounts need of the backend around them. */
export interface AccountsOptions {
  host: Host
  log: Log
  history: History
  service: LocalService
  emit: Emit
}

/** All accounts of the person, open. Which there are is kept in the settings file, their secrets in the vault. */
export class Accounts {
  readonly #options: AccountsOptions
  readonly #sessions = new Map<AccountId, Session>()

  constructor(options: AccountsOptions) {
    this.#options = options
  }

  /** Opens every account that is kept. */
  async open(): Promise<void> {
    const stored = StoredAccounts.safeParse(this.#options.host.store.get('accounts'))
    for (const account of stored.data ?? []) {
      const credentials = account.kind === 'server' ? await this.#credentialsOf(account.id, account.keeping) : null
      const isMissing = account.kind === 'server' && credentials === null
      const session = this.#add(
        {
          ...account,
          state: isMissing ? 'signed-out' : 'connecting',
          problem: isMissing ? 'The key and secret were kept only until Putdesk closed.' : null,
        },
        credentials,
      )
      if (account.kind === 'this-computer') this.#startService()
      if (!isMissing) session.openPatiently()
    }
    this.emitAll()
  }

  close(): void {
    for (const session of this.#sessions.values()) session.close()
  }

  /** The session of an account. Throws `not-found`. */
  session(accountId: AccountId): Session {
    const session = this.#sessions.get(accountId)
    if (session === undefined) throw new AppError('not-found', 'This account is no longer here.')
    return session
  }

  emitAll(): void {
    this.#emitAccounts()
    for (const session of this.#sessions.values()) {
      session.emitQuota()
      session.emitTransfers()
    }
  }

  handlers(): HandlersOf<'accounts'> {
    const { host } = this.#options
    return {
      'accounts.addThisComputer': async () => {
        this.#options.service.start()
        const known = [...this.#sessions.values()].find(({ account }) => account.kind === 'this-computer')
        if (known !== undefined) return known.account.id
        const session = this.#add({
          id: 'this-computer',
          kind: 'this-computer',
          name: 'This computer',
          address: null,
          state: 'connecting',
          problem: null,
          keeping: 'session',
        })
        this.#store()
        this.#emitAccounts()
        await session.open()
        return session.account.id
      },
      'accounts.addServer': (input) => this.#addServer(input),
      'accounts.remove': async ({ accountId }) => {
        const { account } = this.session(accountId)
        this.session(accountId).close()
        this.#sessions.delete(accountId)
        this.#store()
        await host.vault.remove(accountId)
        if (account.kind === 'this-computer') await this.#options.service.stop()
        this.#options.history.removeAccount(accountId, Date.now())
        this.#emitAccounts()
        return null
      },
      'accounts.secretProtection': () => host.vault.protection(),
    }
  }

  async #addServer(input: Input<'accounts.addServer'>): Promise<AccountId> {
    const { host, log } = this.#options
    const { accountId, apiKey, apiSecret, isKept, mayBePlain } = input
    const address = toBaseUrl(input.address)
    const credentials = { apiKey: apiKey.trim(), apiSecret: apiSecret.trim() }
    log.hide(credentials.apiSecret)
    log.hide(credentials.apiKey)
    const client = createV1Client({ baseUrl: async () => address, credentials })
    const { userName } = await client.account()

    const known = [...this.#sessions.values()].find(
      ({ account }) =>
        account.id === accountId || (account.address === address && account.name.startsWith(`${userName} · `)),
    )
    const id = known?.account.id ?? randomUUID()
    const mayKeep = isKept && (mayBePlain || (await host.vault.protection()) === 'protected')
    const keeping = mayKeep ? await host.vault.write(id, JSON.stringify(credentials)) : 'session'
    if (keeping === 'session') await host.vault.remove(id)
    known?.close()
    const name = `${userName} · ${new URL(address).host}`
    const session = this.#add(
      { id, kind: 'server', name, address, state: 'connecting', problem: null, keeping },
      credentials,
    )
    this.#store()
    await session.open()
    this.#emitAccounts()
    return id
  }

  #add(account: Account, credentials: Credentials | null = null): Session {
    const { service, history, log, emit } = this.#options
    const { address } = account
    const client =
      account.kind === 'this-computer'
        ? createV1Client({ baseUrl: () => service.url(), credentials: service.credentials })
        : credentials !== null && address !== null
          ? createV1Client({ baseUrl: async () => address, credentials })
          : null
    const session = new Session({
      account,
      client,
      history,
      log,
      emit,
      onAccount: () => {
        this.#store()
        this.#emitAccounts()
      },
    })
    this.#sessions.set(account.id, session)
    return session
  }

  #startService(): void {
    try {
      this.#options.service.start()
    } catch (error) {
      // Told to the person as the service's state; the account stays, shown as unreachable.
      this.#options.log.error('local service', error)
    }
  }

  async #credentialsOf(id: AccountId, keeping: Account['keeping']): Promise<Credentials | null> {
    if (keeping === 'session') return null
    const kept = await this.#options.host.vault.read(id)
    if (kept === null) return null
    const credentials = StoredCredentials.parse(JSON.parse(kept))
    this.#options.log.hide(credentials.apiSecret)
    this.#options.log.hide(credentials.apiKey)
    return credentials
  }

  /** Writes only what has changed: an account that merely connects is no reason to write a file. */
  #store(): void {
    const { store } = this.#options.host
    const accounts = StoredAccounts.parse([...this.#sessions.values()].map(({ account }) => account))
    if (JSON.stringify(accounts) !== JSON.stringify(store.get('accounts'))) store.set('accounts', accounts)
  }

  #emitAccounts(): void {
    this.#options.emit(
      'accounts.changed',
      [...this.#sessions.values()].map(({ account }) => account),
    )
  }
}

/** A typed address as a base URL. Without a scheme: http for this computer, https elsewhere. Throws `bad-input`. */
function toBaseUrl(typed: string): string {
  const text = typed.trim()
  const isLocal = /^(localhost|127\.|\[::1\])/.test(text)
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `${isLocal ? 'http' : 'https'}://${text}`
  const url = URL.canParse(withScheme) ? new URL(withScheme) : null
  const isPlain = url !== null && url.username === '' && url.search === '' && url.hash === ''
  if (!isPlain || !/^https?:$/.test(url.protocol)) {
    throw new AppError(
      'bad-input',
      `“${text}” is not the address of a server. It looks like http://127.0.0.1:8088 or https://files.example.org.`,
    )
  }
  return trimEnd(url.href, '/').replace(/\/v1$/, '')
}
