/** What a code of a sign-in has led to so far. */
export type CodeState =
  | { state: 'waiting' }
  /** The service no longer knows it: a new one is needed. */
  | { state: 'expired' }
  | { state: 'approved'; token: string }

/**
 * The requests and pages with which a person signs in to a service, and out. Only services that speak API v2 have them. Errors:
 * `unreachable` if there is no answer, or none that can be read; `refused` with the service's reason.
 */
export interface SignIn {
  /** A code that the person enters on `linkPage`. It is a secret until it is used. */
  newCode(appId: string, signal: AbortSignal): Promise<string>
  stateOf(code: string, signal: AbortSignal): Promise<CodeState>
  /** Where to enter a code: as people write it, and an address with the code in it. */
  linkPage(code: string): { enterAt: string; page: string }
  /** A page that redirects to `putdesk://auth` with a token and this `state`. */
  browserPage(appId: string, state: string): string
  /** Checks a token with one request. Errors: `signed-out` if it is not valid, `refused` if it does not grant enough. */
  check(token: string, signal: AbortSignal): Promise<void>
  /** Makes the service forget a token. */
  revoke(token: string, signal: AbortSignal): Promise<void>
}
