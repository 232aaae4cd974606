import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { AccountId } from '../../../shared/account.ts'
import type { HandlersOf, Input, Request, ServiceAddresses } from '../../../shared/contract.ts'
import { AppError } from '../../../shared/errors.ts'
import { putioAddress } from '../../../shared/putio-app.ts'
import type { Log } from '../host/log.ts'
import type { OwnBases } from '../putio/bases.ts'
import type { StoredCredentials } from '../putio/credentials.ts'
import type { SignIn } from '../putio/sign-in.ts'
import type { Secrets } from '../secrets/secrets.ts'
import { toBaseUrl, toSocketUrl } from './base-url.ts'

/** Putdesk's own service takes any app id. */
const anyAppId = 'putdesk'
/** How often a sign-in in the browser tells the window that it goes on. */
const browserTellMs = 5000

/** A service to sign in to. */
export interface Target {
  address: string
  /** Its addresses that are not where they would be expected. */
  bases: OwnBases
}

/** How often a sign-in asks whether the person has approved it, and for how long. */
export interface SignInTimes {
  pollMs: number
  budgetMs: number
}

interface Options {
  secrets: Secrets
  log: Log
  times: SignInTimes
  /** The number of this app at Put.io; null if it has none. */
  appId(): string | null
  openPage(url: string): Promise<void>
  claimScheme(): void
  showWindow(): void
  createSignIn(target: Target): SignIn
  /** Where an account signs in. Throws `not-found`. */
  targetOf(accountId: AccountId): Target
  /** Asks who has the token, and adds or signs in that account. */
  signIn(input: {
    accountId: AccountId | null
    address: string
    credentials: StoredCredentials
    isKept: boolean
    mayBePlain: boolean
    signal: AbortSignal
  }): Promise<AccountId>
}

type CodeInput = Input<'accounts.signInWithCode'>
/** How a browser ends a sign-in: with a token, or with the service's reason. */
type BrowserEnd = { token: string } | { reason: string }

const methodNames = ['signInWithCode', 'openSignInPage', 'signInWithBrowser', 'signInWithToken'] as const
type SignInHandlers = Pick<HandlersOf<'accounts'>, `accounts.${(typeof methodNames)[number]}`>

/** Signing in with an access token: by a code, in a browser, or with one that the person has. */
export class TokenSignIns {
  readonly #options: Options
  /** The pages of the codes that are shown now. */
  readonly #pages = new Map<string, string>()
  /** Sign-ins that wait for the browser, by the secret that it brings back. */
  readonly #inBrowser = new Map<string, (end: BrowserEnd) => void>()

  constructor(options: Options) {
    this.#options = options
  }

  handlers(): SignInHandlers {
    return {
      'accounts.signInWithCode': (input, request) => this.#withCode(input, request),
      'accounts.openSignInPage': async ({ code }) => {
        const page = this.#pages.get(code)
        if (page === undefined) throw new AppError('refused', 'This code is no longer valid.')
        await this.#openPage(page, 'Open it yourself, or scan the picture with another device.')
        return null
      },
      'accounts.signInWithBrowser': (input, request) => this.#withBrowser(input, request),
      'accounts.signInWithToken': async (input, { signal }) => {
        const token = input.token.trim()
        // A longer one, or one with spaces, would be text that was pasted by mistake.
        if (!/^[\x21-\x7e]{1,512}$/.test(token))
          throw new AppError('bad-input', 'This is not a token. A token is one word of letters and digits.')
        return this.#finish(input, this.#targetOf(input), { token, signal })
      },
    }
  }

  /** Takes the link with which a browser ends a sign-in. One that nobody waits for is ignored. */
  endInBrowser(link: string): void {
    const url = URL.canParse(link) ? new URL(link) : null
    const values = new URLSearchParams(url?.hash.slice(1) || url?.search.slice(1))
    const state = values.get('state') ?? ''
    const end = this.#inBrowser.get(state)
    if (end === undefined) {
      this.#options.log.info('sign-in: a link of the browser was ignored, because no sign-in waits for it')
      return
    }
    // It can be used once.
    this.#inBrowser.delete(state)
    const token = values.get('access_token') ?? ''
    if (token === '') end({ reason: values.get('error_description') ?? values.get('error') ?? '' })
    else end({ token })
  }

  async #withCode(input: CodeInput, { signal, tell }: Request<'accounts.signInWithCode'>): Promise<AccountId> {
    const { times, secrets } = this.#options
    const target = this.#targetOf(input)
    const appId = this.#appIdFor(target)
    const signIn = this.#options.createSignIn(target)
    const deadline = new Deadline(times.budgetMs)
    const newCode = async () => {
      const made = await signIn.newCode(appId, signal)
      secrets.add(made)
      return made
    }
    let code = await newCode()
    let problem: AppError | null = null
    try {
      for (;;) {
        const { enterAt, page } = signIn.linkPage(code)
        this.#pages.set(code, page)
        tell({ code, enterAt, page, endsAtMs: deadline.endsAtMs, problem: problem?.message ?? null })
        await pause(times.pollMs, signal)
        if (deadline.isOver) throw problem ?? nobodyApproved()
        try {
          const found = await signIn.stateOf(code, signal)
          problem = null
          if (found.state === 'approved') {
            const { token } = found
            return await this.#finish(input, target, { token, signal, deadline })
          }
          if (found.state === 'expired') {
            const next = await newCode()
            this.#pages.delete(code)
            code = next
          }
        } catch (error) {
          problem = passing(error, signal)
        }
      }
    } finally {
      this.#pages.delete(code)
    }
  }

  async #withBrowser(input: CodeInput, { signal, tell }: Request<'accounts.signInWithBrowser'>): Promise<AccountId> {
    const target = this.#targetOf(input)
    const appId = this.#appIdFor(target)
    const deadline = new Deadline(this.#options.times.budgetMs)
    const state = randomBytes(32).toString('base64url')
    this.#options.secrets.add(state)
    const ended = Promise.withResolvers<BrowserEnd>()
    this.#inBrowser.set(state, ended.resolve)
    const page = this.#options.createSignIn(target).browserPage(appId, state)
    const stopped = new AbortController()
    try {
      this.#options.claimScheme()
      await this.#openPage(page, 'Use a code instead.')
      const waiting = this.#untilOver(deadline, AbortSignal.any([signal, stopped.signal]), () =>
        tell({ endsAtMs: deadline.endsAtMs }),
      )
      const end = await Promise.race([ended.promise, waiting])
      this.#options.showWindow()
      if ('reason' in end) throw notAllowed(this.#options.secrets.cleanSentence(end.reason))
      return await this.#finish(input, target, { token: end.token, signal, deadline })
    } finally {
      stopped.abort()
      this.#inBrowser.delete(state)
    }
  }

  /** Rejects when the time is over or the sign-in is cancelled. */
  async #untilOver(deadline: Deadline, signal: AbortSignal, tell: () => void): Promise<never> {
    for (;;) {
      tell()
      await pause(Math.min(browserTellMs, deadline.leftMs), signal)
      if (deadline.isOver) throw nobodyApproved()
    }
  }

  /** Checks a token and signs in with it. With a deadline, a service that does not answer is asked again until then. */
  async #finish(
    { accountId, isKept, mayBePlain }: Omit<CodeInput, 'service'>,
    target: Target,
    { token, signal, deadline }: { token: string; signal: AbortSignal; deadline?: Deadline },
  ): Promise<AccountId> {
    this.#options.secrets.add(token, { isOfServer: true })
    const { address, bases } = target
    const credentials: StoredCredentials = { kind: 'oauth', token, bases }
    for (;;) {
      try {
        await this.#options.createSignIn(target).check(token, signal)
        return await this.#options.signIn({ accountId, address, credentials, isKept, mayBePlain, signal })
      } catch (error) {
        if (deadline === undefined || deadline.isOver) throw error
        passing(error, signal)
        await pause(this.#options.times.pollMs, signal)
      }
    }
  }

  #targetOf({ accountId, service }: CodeInput): Target {
    if (accountId !== null) return this.#options.targetOf(accountId)
    return service === null ? { address: putioAddress, bases: {} } : toTarget(service)
  }

  #appIdFor({ address }: Target): string {
    const appId = address === putioAddress ? this.#options.appId() : anyAppId
    if (appId === null)
      throw new AppError(
        'unavailable',
        'This Putdesk has no app id at Put.io, so it can only sign in with a token. An app id can be set in the settings.',
      )
    return appId
  }

  async #openPage(page: string, instead: string): Promise<void> {
    try {
      await this.#options.openPage(page)
    } catch (cause) {
      throw new AppError('refused', `The browser could not be opened. ${instead}`, { cause })
    }
  }
}

/** The end of a sign-in that nobody approves. */
class Deadline {
  readonly endsAtMs: number
  readonly #endsMs: number

  constructor(budgetMs: number) {
    this.endsAtMs = Date.now() + budgetMs
    this.#endsMs = performance.now() + budgetMs
  }

  get leftMs(): number {
    return Math.max(0, this.#endsMs - performance.now())
  }

  get isOver(): boolean {
    return this.leftMs === 0
  }
}

/** The addresses of a service that the person has typed. Throws `bad-input`. */
function toTarget({ api, upload, tus, socket, web }: ServiceAddresses): Target {
  const isGiven = (typed: string | null): typed is string => typed !== null && typed.trim() !== ''
  return {
    address: toBaseUrl(api),
    bases: {
      ...(isGiven(upload) && { upload: toBaseUrl(upload) }),
      ...(isGiven(tus) && { tus: `${toBaseUrl(tus)}/` }),
      ...(isGiven(socket) && { socket: toSocketUrl(socket) }),
      ...(isGiven(web) && { web: toBaseUrl(web) }),
    },
  }
}

/** Waits; rejects with the reason of the abort. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch((error: unknown) => {
    signal.throwIfAborted()
    throw error
  })
}

/** The error if it may pass by itself. Throws any other, and the reason of an abort. */
function passing(error: unknown, signal: AbortSignal): AppError {
  signal.throwIfAborted()
  if (error instanceof AppError && error.code === 'unreachable') return error
  throw error
}

function nobodyApproved(): AppError {
  return new AppError('refused', 'The sign-in was not approved within ten minutes. Start it again.')
}

function notAllowed(reason: string): AppError {
  const isSentence = /^[\p{L}\p{N} ,.’'-]{4,200}$/u.test(reason) && reason.includes(' ')
  const why = isSentence ? ` ${/[.!?]$/.test(reason) ? reason : `${reason}.`}` : ''
  return new AppError('refused', `The sign-in was not allowed in the browser.${why} Start it again.`)
}
