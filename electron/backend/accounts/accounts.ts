import { randomUUID } from 'node:crypto'
import * as z from 'zod'
import { Account, type AccountId, type SignInWay } from '../../../shared/account.ts'
import { noCapabilities } from '../../../shared/capabilities.ts'
import type { HandlersOf } from '../../../shared/contract.ts'
import { AppError } from '../../../shared/errors.ts'
import { putioAddress } from '../../../shared/putio-app.ts'
import { type Group, isObject } from '../files/json-content.ts'
import type { JsonFile } from '../files/json-file.ts'
import type { History } from '../history/history.ts'
import type { Emit } from '../host/emit.ts'
import type { Host } from '../host/host.ts'
import type { Log } from '../host/log.ts'
import { OwnBases } from '../putio/bases.ts'
import type { PutioClient } from '../putio/client.ts'
import { createClient, createSignIn } from '../putio/create-client.ts'
import { type Credentials, parseCredentials, type StoredCredentials, secretsIn } from '../putio/credentials.ts'
import { UnreadRows } from '../putio/unread-rows.ts'
import type { Secrets } from '../secrets/secrets.ts'
import type { Vault } from '../secrets/vault.ts'
import type { LocalService } from '../service/local-service.ts'
import { accountSettingsHandlers } from './account-settings.ts'
import { toBaseUrl } from './base-url.ts'
import { nameOfAccount, type OpenAccount, Session } from './session.ts'
import { type SignInTimes, type Target, TokenSignIns } from './token-sign-ins.ts'
import { TrustedOrigins } from './trusted-origins.ts'

/** Fields that only a later version knows are preserved. Earlier versions did not store `userId`, `signsInWith` and `bases`. */
const StoredAccount = Account.pick({ id: true, kind: true, name: true, address: true, keeping: true })
  .extend({
    userId: z
      .string()
      .nullish()
      .catch(null)
      .transform((userId) => userId ?? null),
    signsInWith: Account.shape.signsInWith.nullish().catch(null),
    /** Addresses of its service that are not where they would be expected. */
    bases: OwnBases.optional().catch(undefined),
  })
  .transform(({ signsInWith, ...account }) => ({
    ...account,
    signsInWith: signsInWith ?? (account.kind === 'this-computer' ? 'none' : 'key'),
  }))
type StoredAccount = z.infer<typeof StoredAccount>
const group = 'accounts'
/** A service that does not answer must not keep a removed account on the screen. */
const revokeWithinMs = 5000

/** The accounts in the settings file. */
export const accountsGroup: Group = {
  nouns: ['account', 'accounts'],
  idOf: (value) => (isObject(value) && typeof value.id === 'string' && value.id !== '' ? value.id : null),
  isGood: (_id, value) => isUsable(StoredAccount.safeParse(value).data ?? null),
}

/** An account on a server is unusable without a valid address. */
function isUsable(account: StoredAccount | null): boolean {
  if (account === null) return false
  return account.kind === 'this-computer' || (account.address !== null && URL.canParse(account.address))
}

/** The parts of the backend that the accounts depend on. */
export interface AccountsOptions {
  file: JsonFile
  vault: Vault
  log: Log
  secrets: Secrets
  history: History
  service: LocalService
  emit: Emit
  /** How long a cancellation of a transfer is held back. */
  cancelHoldMs: number
  signInTimes: SignInTimes
  /** The number of this app at Put.io; null if it has none. */
  appId(): string | null
  host: Pick<Host, 'openPage' | 'claimScheme' | 'showWindow'>
  /** Shows a notice. */
  tell(sentence: string): void
  /** Shows a notice under a key; null removes it. */
  show(key: string, sentence: string | null): void
  /** Called before an account is removed, while it can still be used. */
  beforeRemove(accountId: AccountId): Promise<void>
  /** Called when a host may no longer get the token of an account. */
  onDistrust(origin: string): void
  /** Called when the person has removed an account. */
  onRemove(accountId: AccountId): void
}

/** All of the user's accounts, open. The list of accounts is stored in the settings file, their secrets in the vault. */
export class Accounts {
  readonly #options: AccountsOptions
  readonly #sessions = new Map<AccountId, Session>()
  /** Which hosts may get the accounts' tokens. */
  readonly origins: TrustedOrigins
  readonly #tokenSignIns: TokenSignIns

  constructor(options: AccountsOptions) {
    this.#options = options
    const { secrets, log, appId, host, signInTimes } = options
    this.#tokenSignIns = new TokenSignIns({
      ...{ secrets, log, appId, times: signInTimes },
      openPage: (url) => host.openPage(url),
      claimScheme: () => host.claimScheme(),
      showWindow: () => host.showWindow(),
      createSignIn: (target) => this.#createSignIn(target),
      targetOf: (accountId) => {
        const { account, bases } = this.session(accountId)
        return { address: account.address ?? putioAddress, bases }
      },
      signIn: (input) => this.#signIn(input),
    })
    this.origins = new TrustedOrigins({ file: options.file, group, onChange: () => this.#emitAccounts() })
  }

  /** Opens every stored account. One that fails to open does not stop the others. */
  async open(): Promise<void> {
    for (const stored of this.#options.file.entries(group).values()) {
      const { data } = StoredAccount.safeParse(stored)
      if (data === undefined) continue
      const { userId, bases = {}, ...account } = data
      const { credentials, problem } = await this.#credentialsOf(account)
      // The window may have added it in the meantime.
      if (this.#sessions.has(account.id)) continue
      const signsInWith = credentials === null ? account.signsInWith : wayOf(credentials)
      const session = this.#add(
        { ...account, signsInWith, state: 'connecting', problem: null },
        { credentials, problem, userId, bases },
      )
      if (account.kind === 'this-computer') this.#startService()
      if (session.account.state === 'connecting') session.openWithRetry()
    }
    this.emitAll()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.close()))
  }

  has(accountId: AccountId): boolean {
    return this.#sessions.has(accountId)
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
    const { vault } = this.#options
    return {
      'accounts.addThisComputer': async () => {
        this.#options.service.start()
        const known = [...this.#sessions.values()].find(({ account }) => account.kind === 'this-computer')
        if (known !== undefined) return known.account.id
        const session = this.#add(
          {
            id: 'this-computer',
            kind: 'this-computer',
            name: 'This computer',
            address: null,
            state: 'connecting',
            problem: null,
            keeping: 'session',
            signsInWith: 'none',
          },
          { credentials: { kind: 'local' }, problem: null, userId: null, bases: {} },
        )
        this.#store(session)
        this.#emitAccounts()
        await session.open()
        return session.account.id
      },
      'accounts.addServer': (input, { signal }) => {
        const { accountId, apiKey, apiSecret, isKept, mayBePlain } = input
        const credentials: StoredCredentials = { kind: 'v1-key', apiKey: apiKey.trim(), apiSecret: apiSecret.trim() }
        const address = toBaseUrl(input.address)
        return this.#signIn({ accountId, address, credentials, isKept, mayBePlain, signal })
      },
      ...this.#tokenSignIns.handlers(),
      ...accountSettingsHandlers((accountId) => this.session(accountId)),
      'accounts.remove': async ({ accountId }) => {
        const { account } = this.session(accountId)
        await this.#options.beforeRemove(accountId)
        const removed = this.session(accountId)
        await removed.close()
        this.#sessions.delete(accountId)
        this.#options.file.put(group, { [accountId]: undefined })
        vault.remove(accountId)
        this.origins.reset(accountId)
        if (account.kind === 'this-computer') await this.#options.service.stop()
        this.#options.history.removeAccount(accountId, Date.now())
        this.#options.onRemove(accountId)
        this.#emitAccounts()
        // By now, everything here is forgotten: whatever the service answers.
        await removed.revoke().catch((error: unknown) => this.#options.log.error('sign-out', error))
        return null
      },
      'accounts.trust': async ({ accountId, origin }) => {
        this.origins.trust(this.session(accountId).account.id, origin)
        return null
      },
      'accounts.distrust': async ({ accountId, origin }) => {
        this.origins.distrust(this.session(accountId).account.id, origin)
        this.#options.onDistrust(origin)
        return null
      },
      'accounts.secretProtection': () => vault.protection(),
    }
  }

  /** Takes the link with which a browser ends a sign-in. */
  endSignIn(link: string): void {
    this.#tokenSignIns.endInBrowser(link)
  }

  /** Asks who has the credentials, and adds or signs in that account. */
  async #signIn({ accountId, address, credentials, isKept, mayBePlain, signal }: SignInInput): Promise<AccountId> {
    const { vault } = this.#options
    const { host } = new URL(address)
    this.#hide(credentials)
    const client = this.#createClient({ name: host, address }, credentials, () => undefined)
    const { userId, quota } = await client.during(signal).account()
    signal.throwIfAborted()

    const signsInWith = wayOf(credentials)
    const user = { address, userId, name: nameOfAccount({ address, signsInWith }, quota.userName) }
    const known = accountId === null ? this.#findUser(user) : this.#sessions.get(accountId)
    if (known !== undefined && isOther(known, user)) {
      const what = signsInWith === 'key' ? 'This key' : 'This sign-in'
      throw new AppError(
        'refused',
        `${what} belongs to “${user.name}”, not to “${known.account.name}”. Add it as another account instead.`,
      )
    }
    const id = known?.account.id ?? randomUUID()
    const mayKeep = isKept && (mayBePlain || (await vault.protection()) === 'protected')
    const keeping = mayKeep ? await vault.write(id, JSON.stringify(credentials)) : 'session'
    if (keeping === 'session') vault.remove(id)
    await known?.close()
    if (known !== undefined && known.account.address !== address) this.origins.reset(id)
    const bases = credentials.kind === 'oauth' ? (credentials.bases ?? {}) : {}
    const session = this.#add(
      { id, kind: 'server', name: user.name, address, state: 'connecting', problem: null, keeping, signsInWith },
      { credentials, problem: null, userId, bases },
    )
    this.#store(session)
    await session.open()
    this.#emitAccounts()
    return id
  }

  #findUser(user: User): Session | undefined {
    return [...this.#sessions.values()].find((session) => isUser(session, user))
  }

  /** Adds a session. */
  #add(account: Omit<OpenAccount, 'capabilities'>, { credentials, problem, userId, bases }: Found): Session {
    const { history, log, emit, show, tell, cancelHoldMs } = this.#options
    const { client, error } = this.#tryClient(account, credentials, (list, sentence) =>
      show(`${account.id} ${list}`, sentence),
    )
    const isSignedOut = client === null
    const session = new Session({
      account: {
        ...account,
        state: isSignedOut ? 'signed-out' : account.state,
        problem: isSignedOut ? (problem ?? error) : account.problem,
        capabilities: noCapabilities,
      },
      userId,
      bases,
      client,
      revoke: async () => {
        if (credentials?.kind !== 'oauth' || account.address === null) return
        const signIn = this.#createSignIn({ address: account.address, bases })
        await signIn.revoke(credentials.token, AbortSignal.timeout(revokeWithinMs))
      },
      history,
      log,
      emit,
      cancelHoldMs,
      tell,
      onChange: (changed) => {
        // Ignore a session that was removed or replaced in the meantime.
        if (this.#sessions.get(account.id) !== changed) return
        this.#store(changed)
        this.#emitAccounts()
      },
    })
    this.#sessions.set(account.id, session)
    return session
  }

  #tryClient(
    account: Pick<Account, 'name' | 'address'>,
    credentials: Credentials | null,
    show: (list: string, sentence: string | null) => void,
  ): { client: PutioClient | null; error: string | null } {
    if (credentials === null) return { client: null, error: null }
    try {
      return { client: this.#createClient(account, credentials, show), error: null }
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      return { client: null, error: error.message }
    }
  }

  #createClient(
    account: Pick<Account, 'name' | 'address'>,
    credentials: Credentials,
    show: (list: string, sentence: string | null) => void,
  ): PutioClient {
    const { service, secrets, log } = this.#options
    return createClient(account, credentials, { service, secrets, unread: new UnreadRows({ log, show }) })
  }

  #createSignIn(target: Target) {
    const { secrets, log } = this.#options
    return createSignIn(target, { secrets, unread: new UnreadRows({ log, show: () => undefined }) })
  }

  #startService(): void {
    try {
      this.#options.service.start()
    } catch (error) {
      // The user sees this as the service's state; the account stays and is shown as unreachable.
      this.#options.log.error('local service', error)
    }
  }

  #hide(credentials: Credentials): void {
    for (const secret of secretsIn(credentials)) this.#options.secrets.add(secret, { isOfServer: true })
  }

  /** The credentials that sign an account's requests, or why there are none. */
  async #credentialsOf({
    id,
    kind,
    keeping,
    signsInWith,
  }: Pick<StoredAccount, 'id' | 'kind' | 'keeping' | 'signsInWith'>): Promise<Pick<Found, 'credentials' | 'problem'>> {
    if (kind === 'this-computer') return { credentials: { kind: 'local' }, problem: null }
    const isToken = signsInWith === 'token'
    const without = (problem: string) => ({ credentials: null, problem })
    if (keeping === 'session')
      return without(`The ${isToken ? 'sign-in was' : 'key and secret were'} kept only until Putdesk closed.`)
    const damaged = without(
      `The ${isToken ? 'sign-in that was kept is' : 'key and secret that were kept are'} damaged.`,
    )
    try {
      const kept = await this.#options.vault.read(id)
      if (kept === null)
        return without(
          `The ${isToken ? 'sign-in is' : 'key and secret are'} no longer on this computer, or cannot be read.`,
        )
      const credentials = parseCredentials(kept)
      if (credentials === null) return damaged
      this.#hide(credentials)
      return { credentials, problem: null }
    } catch (error) {
      this.#options.log.error('vault', error)
      return damaged
    }
  }

  /** Writes only real changes: connecting alone does not write the file. */
  #store({ account, userId, bases }: Session): void {
    const { file } = this.#options
    const stored = StoredAccount.parse({ ...account, userId, ...(Object.keys(bases).length > 0 && { bases }) })
    const { data: kept } = StoredAccount.safeParse(file.entries(group).get(account.id))
    if (JSON.stringify(stored) !== JSON.stringify(kept)) file.put(group, { [account.id]: stored })
  }

  #emitAccounts(): void {
    this.#options.emit(
      'accounts.changed',
      [...this.#sessions.values()].map(({ account }) => ({ ...account, trustedOrigins: this.origins.of(account.id) })),
    )
  }
}

/** What is known of an account besides what the window gets. `problem` says why there are no credentials. */
interface Found {
  credentials: Credentials | null
  problem: string | null
  userId: string | null
  bases: OwnBases
}

/** What an account signs in with, and how that is kept. With an id, it signs in to that account again. */
interface SignInInput {
  accountId: AccountId | null
  address: string
  credentials: StoredCredentials
  isKept: boolean
  mayBePlain: boolean
  signal: AbortSignal
}

function wayOf({ kind }: Credentials): SignInWay {
  switch (kind) {
    case 'local':
      return 'none'
    case 'v1-key':
      return 'key'
    case 'oauth':
      return 'token'
    default:
      return kind satisfies never
  }
}

/** A user of a server. */
interface User {
  address: string
  userId: string
  /** The display name of an account of this user. */
  name: string
}

/** True for an account of this user. An account stored by an earlier version has no user id and is matched by its name. */
function isUser({ account, userId }: Session, user: User): boolean {
  if (account.address !== user.address) return false
  return userId === null ? account.name === user.name : userId === user.userId
}

/** True for an account on the same server that is known to belong to another user. */
function isOther({ account, userId }: Session, user: User): boolean {
  return account.address === user.address && userId !== null && userId !== user.userId
}
