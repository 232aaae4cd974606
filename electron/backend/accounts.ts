import { randomUUID } from 'node:crypto'
import * as z from 'zod'
import { trimEnd } from '../../engine/text/trim-end.ts'
import { Account, type AccountId } from '../../shared/account.ts'
import type { HandlersOf, Input } from '../../shared/contract.ts'
import { AppError } from '../../shared/errors.ts'
import type { Emit } from './emit.ts'
import { type Group, isObject } from './files/json-content.ts'
import type { JsonFile } from './files/json-file.ts'
import type { History } from './history.ts'
import type { LocalService } from './local-service.ts'
import type { Log } from './log.ts'
import { createV1Client } from './putio/v1/client.ts'
import type { Credentials } from './putio/v1/request.ts'
import type { Secrets } from './secrets.ts'
import { Session } from './session.ts'
import { UnreadRows } from './unread-rows.ts'
import type { Vault } from './vault.ts'

/** Fields of a later version stay with the account. */
const StoredAccount = Account.pick({ id: true, kind: true, name: true, address: true, keeping: true })
type StoredAccount = z.infer<typeof StoredAccount>
/** Origins that an account's token may go to, beside its own server. */
const StreamOrigins = z.object({
  streamOrigins: z.array(z.unknown()).transform((origins) => origins.filter((origin) => typeof origin === 'string')),
})
const StoredCredentials = z.object({ apiKey: z.string(), apiSecret: z.string() })

const group = 'accounts'

/** The accounts in the settings file. */
export const accountsGroup: Group = {
  nouns: ['account', 'accounts'],
  idOf: (value) => (isObject(value) && typeof value.id === 'string' && value.id !== '' ? value.id : null),
  isGood: (_id, value) => isUsable(StoredAccount.safeParse(value).data ?? null),
}

/** A server without an address cannot be asked. */
function isUsable(account: StoredAccount | null): boolean {
  if (account === null) return false
  return account.kind === 'this-computer' || (account.address !== null && URL.canParse(account.address))
}

/** What the accounts need of the backend around them. */
export interface AccountsOptions {
  file: JsonFile
  vault: Vault
  log: Log
  secrets: Secrets
  history: History
  service: LocalService
  emit: Emit
  /** Shows a sentence under a key until it is null. */
  show(key: string, sentence: string | null): void
}

/** All accounts of the person, open. Which there are is kept in the settings file, their secrets in the vault. */
export class Accounts {
  readonly #options: AccountsOptions
  readonly #sessions = new Map<AccountId, Session>()

  constructor(options: AccountsOptions) {
    this.#options = options
  }

  /** Opens every account that is kept. One that cannot be opened keeps none of the others from it. */
  async open(): Promise<void> {
    for (const stored of this.#options.file.entries(group).values()) {
      const { data: account } = StoredAccount.safeParse(stored)
      if (account === undefined) continue
      const { credentials, problem } = await this.#credentialsOf(account)
      const state = problem === null ? 'connecting' : 'signed-out'
      const session = this.#add({ ...account, state, problem }, credentials)
      if (account.kind === 'this-computer') this.#startService()
      if (problem === null) session.openPatiently()
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

  /** True where the person let the token of an account go to an origin. */
  isTrusted(accountId: AccountId, origin: string): boolean {
    return this.#trusted(accountId).includes(origin)
  }

  /** From now on the token of an account may go to an origin, beside its own server. */
  trust(accountId: AccountId, origin: string): void {
    const streamOrigins = [...new Set([...this.#trusted(accountId), origin])]
    this.#options.file.put(group, { [accountId]: { streamOrigins } })
  }

  #trusted(accountId: AccountId): string[] {
    return StreamOrigins.safeParse(this.#options.file.entries(group).get(accountId)).data?.streamOrigins ?? []
  }

  emitAll(): void {
    this.#emitAccounts()
    for (const session of this.#sessions.values()) {
      session.emitQuota()
      session.emitTransfers()
    }
  }

  handlers(): HandlersOf<'accounts'> {
    const { vault } = this.#options
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
        this.#store(session.account)
        this.#emitAccounts()
        await session.open()
        return session.account.id
      },
      'accounts.addServer': (input) => this.#addServer(input),
      'accounts.remove': async ({ accountId }) => {
        const { account } = this.session(accountId)
        this.session(accountId).close()
        this.#sessions.delete(accountId)
        this.#options.file.put(group, { [accountId]: undefined })
        vault.remove(accountId)
        if (account.kind === 'this-computer') await this.#options.service.stop()
        this.#options.history.removeAccount(accountId, Date.now())
        this.#emitAccounts()
        return null
      },
      'accounts.secretProtection': () => vault.protection(),
    }
  }

  async #addServer(input: Input<'accounts.addServer'>): Promise<AccountId> {
    const { vault, secrets } = this.#options
    const { accountId, apiKey, apiSecret, isKept, mayBePlain } = input
    const address = toBaseUrl(input.address)
    const credentials = { apiKey: apiKey.trim(), apiSecret: apiSecret.trim() }
    this.#hide(credentials)
    const unread = new UnreadRows({ log: this.#options.log, show: () => undefined })
    const client = createV1Client({ baseUrl: async () => address, credentials, secrets, unread })
    const { userName } = await client.account()

    const known = [...this.#sessions.values()].find(
      ({ account }) =>
        account.id === accountId || (account.address === address && account.name.startsWith(`${userName} · `)),
    )
    const id = known?.account.id ?? randomUUID()
    const mayKeep = isKept && (mayBePlain || (await vault.protection()) === 'protected')
    const keeping = mayKeep ? await vault.write(id, JSON.stringify(credentials)) : 'session'
    if (keeping === 'session') vault.remove(id)
    known?.close()
    const name = `${userName} · ${new URL(address).host}`
    const session = this.#add(
      { id, kind: 'server', name, address, state: 'connecting', problem: null, keeping },
      credentials,
    )
    this.#store(session.account)
    await session.open()
    this.#emitAccounts()
    return id
  }

  #add(account: Account, credentials: Credentials | null = null): Session {
    const { service, history, log, secrets, emit, show } = this.#options
    const { address } = account
    const unread = new UnreadRows({ log, show: (list, sentence) => show(`${account.id} ${list}`, sentence) })
    const client =
      account.kind === 'this-computer'
        ? createV1Client({ baseUrl: () => service.url(), credentials: service.credentials, secrets, unread })
        : credentials !== null && address !== null
          ? createV1Client({ baseUrl: async () => address, credentials, secrets, unread })
          : null
    const session = new Session({
      account,
      client,
      history,
      log,
      emit,
      onAccount: (changed) => {
        this.#store(changed)
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

  #hide({ apiKey, apiSecret }: Credentials): void {
    for (const secret of [apiSecret, apiKey]) this.#options.secrets.add(secret, { isOfServer: true })
  }

  /** What signs an account's requests, or why there is nothing to sign them with. */
  async #credentialsOf({
    id,
    kind,
    keeping,
  }: StoredAccount): Promise<{ credentials: Credentials | null; problem: string | null }> {
    if (kind === 'this-computer') return { credentials: null, problem: null }
    if (keeping === 'session')
      return { credentials: null, problem: 'The key and secret were kept only until Putdesk closed.' }
    try {
      const kept = await this.#options.vault.read(id)
      if (kept === null)
        return { credentials: null, problem: 'The key and secret are no longer on this computer, or cannot be read.' }
      const credentials = StoredCredentials.parse(JSON.parse(kept))
      this.#hide(credentials)
      return { credentials, problem: null }
    } catch (error) {
      this.#options.log.error('vault', error)
      return { credentials: null, problem: 'The key and secret that were kept are damaged.' }
    }
  }

  /** Writes only what has changed: an account that merely connects is no reason to write a file. */
  #store(account: Account): void {
    const { file } = this.#options
    const stored = StoredAccount.parse(account)
    const { data: kept } = StoredAccount.safeParse(file.entries(group).get(account.id))
    if (JSON.stringify(stored) !== JSON.stringify(kept)) file.put(group, { [account.id]: stored })
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
