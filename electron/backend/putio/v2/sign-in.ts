import * as z from 'zod'
import { AppError } from '../../../../shared/errors.ts'
import { putioAddress } from '../../../../shared/putio-app.ts'
import type { Bases } from '../bases.ts'
import { hostOf } from '../http.ts'
import { perhapsText } from '../lenient.ts'
import type { CodeState, SignIn } from '../sign-in.ts'
import { type Endpoint, Requests, UnreadableError } from './request.ts'

const clientName = 'Putdesk'
const redirectTo = 'putdesk://auth'
/** A poll is soon followed by the next one. */
const timeoutMs = 10_000

const WireCode = z.object({ code: z.union([z.string().trim().min(1).max(64), z.number().transform(String)]) })
const WireState = z.object({ oauth_token: perhapsText })
const WireValidation = z.object({ result: z.unknown(), token_scope: perhapsText })

/** Signing in to a service at these addresses. Source: API v2 §2. */
export function createV2SignIn(bases: Bases, options: Pick<Endpoint, 'secrets' | 'unread' | 'clock'>): SignIn {
  const endpoint = { ...options, bases: async () => bases }
  const open = new Requests({ ...endpoint, token: null })
  const host = hostOf(bases.api)

  return {
    newCode: async (appId, signal) => {
      const query = { app_id: appId, client_name: clientName }
      const call = { verb: 'GET', path: '/v2/oauth2/oob/code', query, timeoutMs, isInternal: true } as const
      return (await open.ask(call, WireCode, signal)).code
    },
    stateOf: async (code, signal): Promise<CodeState> => {
      const path = `/v2/oauth2/oob/code/${encodeURIComponent(code)}`
      try {
        const { oauth_token: token } = await open.ask(
          { verb: 'GET', path, timeoutMs, isInternal: true },
          WireState,
          signal,
        )
        return token === null || token === '' ? { state: 'waiting' } : { state: 'approved', token }
      } catch (error) {
        const isGone = error instanceof AppError && (error.code === 'not-found' || isNotFound(error.cause))
        if (isGone) return { state: 'expired' }
        throw error
      }
    },
    linkPage: (code) => {
      const page = new URL(`${bases.web}/link`)
      page.searchParams.set('code', code)
      const enterAt = bases.api === putioAddress ? 'put.io/link' : `${page.host}${page.pathname}`
      return { enterAt, page: page.href }
    },
    browserPage: (appId, state) => {
      const page = new URL(`${bases.web}/authenticate`)
      const query = {
        ...{ client_id: appId, redirect_uri: redirectTo, response_type: 'token', state },
        ...{ client_name: clientName, isolated: '1' },
      }
      for (const [name, value] of Object.entries(query)) page.searchParams.set(name, value)
      return page.href
    },
    check: async (token, signal) => {
      const requests = new Requests({ ...endpoint, token })
      const call = { verb: 'GET', path: '/v2/oauth2/validate', timeoutMs } as const
      const { result, token_scope: scope } = await requests
        .ask(call, WireValidation, signal)
        .catch((error: unknown) => {
          // Some services answer so instead.
          if (error instanceof AppError && error.code === 'signed-out') return { result: false, token_scope: null }
          throw error
        })
      if (result !== true) throw new AppError('signed-out', `${host} does not accept this token.`)
      if (scope === 'two_factor')
        throw new AppError('refused', `${host} has yet to check the second factor of this sign-in. Sign in again.`)
      if (scope !== null && scope !== 'default')
        throw new AppError('refused', `This token does not grant enough: only “${scope}”. Use one of an app.`)
    },
    revoke: async (token, signal) => {
      const requests = new Requests({ ...endpoint, token })
      await requests.ask({ verb: 'POST', path: '/v2/oauth/grants/logout' }, z.unknown(), signal)
    },
  }
}

/** A 404 need not have a body of the API. */
function isNotFound(cause: unknown): boolean {
  return cause instanceof UnreadableError && cause.status === 404
}
