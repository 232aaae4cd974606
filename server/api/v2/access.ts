import type { IncomingMessage } from 'node:http'
import type { Cores } from '../../core/core.ts'
import type { Call, Caller } from './method.ts'
import type { Params } from './params.ts'

/** The token of a request: in the header, as old and new clients write it, or in the query. Source: API v2 §2.1. */
export function tokenOf({ headers }: IncomingMessage, params: Params): string | null {
  const inHeader = /^(?:token|bearer)\s+(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1]
  return inHeader ?? params.text('oauth_token')
}

/** Who has a token; null for a wrong one. Every user is checked, so that the timing does not reveal whose it was. */
export function callerOf({ users, tokens }: Cores, token: string): Caller | null {
  const [owner] = users.filter(({ account }) => account.isAppToken(token))
  if (owner !== undefined) return { core: owner, scope: 'default', tokenId: 0, readToken: owner.account.token }
  const [reader] = users.filter(({ account }) => account.isToken(token))
  if (reader !== undefined) return { core: reader, scope: 'files_download', tokenId: 0, readToken: token }
  const found = tokens.find(token)
  const known = found ?? tokens.findReader(token)
  const core = users.find(({ account }) => account.userId === known?.userId)
  const readToken = known === null ? null : tokens.readTokenOf(known.id)
  if (known === null || core === undefined || readToken === null) return null
  return { core, scope: found === null ? 'files_download' : 'default', tokenId: known.id, readToken }
}

/** Our own client asks with a header for what API v2 has no fields for. */
export function extensions({ headers }: IncomingMessage): Pick<Call, 'isExtended'> {
  return { isExtended: headers['putdesk-fields'] === '1' }
}
