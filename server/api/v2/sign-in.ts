import type { Cores } from '../../core/core.ts'
import { ApiError } from './error.ts'
import { approvalPage } from './link-page.ts'
import type { Call, OpenCall, Result, Route } from './method.ts'
import { openRoute, route } from './method.ts'

const maxNameLength = 100

/** How devices sign in, and which have. Source: API v2 §2.3, §2.6, §19 (C15, C17). */
export const signIn: Route[] = [
  openRoute('GET', '/v2/oauth2/oob/code', (call) => {
    const { params, base } = call
    const app = params.required('app_id')
    const code = issue(call, { app, name: params.text('client_name') ?? `App ${app}` })
    return { code, qr_code_url: `${base}/link?code=${code}` }
  }),
  openRoute('GET', '/v2/oauth2/oob/code/:code', (call) => {
    const token = poll(call, call.path.code ?? '')
    if (token === undefined) throw unknownCode(call)
    return { oauth_token: token }
  }),
  route('POST', '/v2/oauth2/oob/code', (call) => {
    const { cores, core, params } = call
    const device = cores.deviceCodes.approve(params.required('code'), core.account.userId)
    if (device === null) throw unknownCode(call)
    return { app: { id: appId(device.app), name: device.name } }
  }),
  // Kodi's own way.
  openRoute('GET', '/kodi/getuniqueid', (call) => ({ id: issue(call, { app: 'kodi', name: 'Kodi' }) })),
  openRoute('GET', '/kodi/k/:id', (call) => {
    const token = poll(call, call.path.id ?? '')
    if (token === undefined) throw unknownCode(call)
    return { oauthtoken: token }
  }),
  openRoute('GET', '/link', approvalPage),
  openRoute('POST', '/link', approvalPage),
  // Our own: proves to the page that the person who uses it is at this computer.
  route('POST', '/v2/putdesk/approval', (call) => {
    requireApp(call)
    const { code, seconds } = call.cores.deviceCodes.prove(call.core.account.userId)
    return { code, expires_in: seconds }
  }),
  route('GET', '/v2/oauth/grants', grants),
  route('POST', '/v2/oauth/grants/:id/delete', (call) => {
    requireApp(call)
    const id = Number(call.path.id)
    if (!call.cores.tokens.revoke(call.core.account.userId, id))
      throw new ApiError(404, 'NotFound', 'There is no such app.')
    return {}
  }),
]

/** Only the app that belongs to the service may do this. */
function requireApp({ tokenId }: Call): void {
  if (tokenId !== 0) throw new ApiError(401, 'invalid_scope', 'Only Putdesk itself can do this.')
}

function issue({ cores }: OpenCall, { app, name }: { app: string; name: string }): string {
  const device = { app: app.slice(0, maxNameLength), name: shown(name) }
  const code = cores.deviceCodes.issue(device)
  if (code === null)
    throw new ApiError(429, 'RATE_LIMIT_ERROR', 'Too many devices want to sign in.', { retry_after: 60 })
  return code
}

/** A name that a stranger has chosen, for the person to read. */
function shown(name: string): string {
  return name
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ')
    .slice(0, maxNameLength)
    .trim()
}

/** The token, once; null while nobody has approved the device; undefined for an unknown code. */
function poll({ cores }: OpenCall, code: string): string | null | undefined {
  const taken = cores.deviceCodes.take(code)
  if (taken === null || taken === undefined) return taken
  return cores.tokens.issue(taken.userId, taken.device)
}

/** Also delays whoever guesses. */
function unknownCode({ noteFailure }: OpenCall): ApiError {
  const pauseMs = noteFailure()
  if (pauseMs === 0) return new ApiError(404, 'NotFound', 'There is no such code, or it has expired.')
  const seconds = Math.ceil(pauseMs / 1000)
  return new ApiError(429, 'RATE_LIMIT_ERROR', `Too many wrong codes. Please try again in ${seconds} seconds.`, {
    retry_after: seconds,
  })
}

function grants(call: Call): Result {
  requireApp(call)
  const { cores, core, isExtended } = call
  return {
    apps: cores.tokens.list(core.account.userId).map(({ id, app, name, createdAtSeconds, usedAtSeconds }) => ({
      id,
      name,
      description: '',
      website: '',
      has_icon: false,
      ...(isExtended && { putdesk: { app, added_at: createdAtSeconds, used_at: usedAtSeconds } }),
    })),
  }
}

function appId(app: string): number | string {
  return /^\d{1,15}$/.test(app) ? Number(app) : app
}

/** The name that an app gave itself when it signed in. */
export function appOf(cores: Cores, { core, tokenId }: Pick<Call, 'core' | 'tokenId'>): string {
  if (tokenId === 0) return 'putdesk'
  const token = cores.tokens.list(core.account.userId).find(({ id }) => id === tokenId)
  return `app ${token?.app ?? ''}`
}
