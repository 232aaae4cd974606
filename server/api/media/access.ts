import type { IncomingMessage } from 'node:http'
import type { Core, Cores } from '../../core/core.ts'
import { type Visit, visit } from '../../core/visit.ts'
import type { Attempts } from '../attempts.ts'
import type { MediaRoute } from './route.ts'

export interface MediaOptions {
  cores: Cores
  attempts: Attempts
  /** The caller, as attempts are counted. */
  caller(): string
  route: MediaRoute
  /** True for a request that a page in a browser made: it needs a valid token. */
  isFromPage: boolean
}

/** The user that a request belongs to, the public link that it comes through, or why it is refused. */
export type Access = Core | Visit | 'wrong-token' | 'needs-password' | 'paused'

/**
 * A valid token always grants access. Without one, a download is possible with user name and password, unless a page in
 * a browser requests it. Source: API v1 §12.
 */
export async function checkAccess(request: IncomingMessage, options: MediaOptions): Promise<Access> {
  const { route, attempts, caller, cores, isFromPage } = options
  const find = (isIt: (core: Core) => boolean) => cores.users.filter(isIt)[0]
  if (route.token !== null) {
    const { token } = route
    const reader = cores.tokens.findReader(token)
    const owner = find(({ account }) => account.isToken(token) || account.userId === reader?.userId)
    const visitor = route.kind === 'stream-transfer' ? null : visit(cores, token)
    return owner ?? visitor ?? (attempts.fail(caller()) > 0 ? 'paused' : 'wrong-token')
  }
  if (isFromPage || route.kind === 'stream-file' || route.kind === 'stream-transfer') return 'wrong-token'
  const credentials = basicCredentials(request.headers.authorization)
  if (credentials === null) return 'needs-password'
  if (!(await attempts.throttle(caller()))) return 'paused'
  const owner = find(({ account }) => account.hasPassword(credentials.user, credentials.password))
  return owner ?? (attempts.fail(caller()) > 0 ? 'paused' : 'needs-password')
}

function basicCredentials(header: string | undefined): { user: string; password: string } | null {
  const encoded = /^Basic\s+([A-Za-z0-9+/=_-]+)$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return null
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon === -1 ? null : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}
