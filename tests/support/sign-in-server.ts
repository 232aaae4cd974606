import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

/** A user of the server. */
interface User {
  id: number
  name: string
}

export interface SignInServer {
  url: string
  /** Every request, such as `GET /v2/oauth2/validate`, in order; with the token that signed it. */
  asked: { what: string; query: URLSearchParams; token: string | null }[]
  /** The codes that were given out, the last one at the end. */
  codes: string[]
  /** Approves a code for a user, or the last code. Returns the token. */
  approve(user: User, code?: string): string
  /** Makes a token for a user. */
  tokenFor(user: User, scope?: string): string
  /** True if a token is still valid. */
  isValid(token: string): boolean
  /** Forgets all tokens. */
  revokeAll(): void
  /** Forgets all codes: the next question about them is answered with 404. */
  expireCodes(): void
  /** Answers requests like this one in another way from now on; null for the usual one. */
  behave(what: RegExp, answer: Answer | null): void
  stop(): Promise<void>
}

/** Responds to a request as on a bad day. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** Answers with a status and a body. */
export function raw(status: number, body: string, headers: Record<string, string> = {}): Answer {
  return (_request, response) => void response.writeHead(status, headers).end(body)
}

/** Never answers. */
export const silence: Answer = () => undefined

/** Ends the connection in the middle of a body. */
export const cut: Answer = (_request, response) => {
  response.writeHead(200, { 'content-length': 1000 }).write('{"status":')
  setTimeout(() => response.destroy(), 5)
}

interface Options {
  /** How many files each user has. */
  files?: number
  makeCode?: (count: number) => string
  makeToken?: (count: number) => string
}

/** A server of API v2 with the sign-in of §2.3, and as much of the rest as an account needs that has only some files. */
export async function startSignInServer({
  files = 0,
  makeCode = (count) => `QX${count}7CD`,
  makeToken = (count) => `token-${count}-bebe56e6b3455440f90bf9dec14b`,
}: Options = {}): Promise<SignInServer> {
  const asked: SignInServer['asked'] = []
  const codes: string[] = []
  const known = new Map<string, string | null>()
  const tokens = new Map<string, { user: User; scope: string }>()
  const behaviours: { what: RegExp; answer: Answer }[] = []
  let count = 0
  const tokenFor = (user: User, scope = 'default') => {
    count += 1
    const token = makeToken(count)
    tokens.set(token, { user, scope })
    return token
  }

  const usual = (what: string, token: string | null): { status: number; body: Record<string, unknown> } => {
    const refused = (status: number, type: string) => ({
      status,
      body: { status: 'ERROR', status_code: status, error_type: type },
    })
    const fine = (body: Record<string, unknown>) => ({ status: 200, body: { status: 'OK', ...body } })
    const code = /^GET \/v2\/oauth2\/oob\/code\/(.+)$/.exec(what)?.[1]
    if (code !== undefined) {
      const approved = known.get(decodeURIComponent(code))
      return approved === undefined ? refused(404, 'NotFound') : fine({ oauth_token: approved })
    }
    if (what === 'GET /v2/oauth2/oob/code') {
      count += 1
      const made = makeCode(count)
      codes.push(made)
      known.set(made, null)
      return fine({ code: made, qr_code_url: 'https://elsewhere.example/picture' })
    }
    const caller = token === null ? undefined : tokens.get(token)
    if (what === 'GET /v2/oauth2/validate') {
      const { user, scope } = caller ?? {}
      return { status: 200, body: { result: caller !== undefined, user_id: user?.id, token_scope: scope } }
    }
    if (caller === undefined) return refused(401, 'invalid_grant')
    if (what === 'POST /v2/oauth/grants/logout') {
      tokens.delete(token ?? '')
      return fine({})
    }
    if (what === 'GET /v2/account/info') {
      const { id, name } = caller.user
      const disk = { avail: 90, size: 100, used: 10 }
      return fine({ info: { user_id: id, username: name, disk, account_status: 'active', settings: {} } })
    }
    if (what === 'GET /v2/transfers/list') return fine({ transfers: [], cursor: null, total: 0 })
    if (what === 'GET /v2/files/list') {
      const parent = { id: 0, name: 'Your Files', parent_id: null, file_type: 'FOLDER', size: 0 }
      const rows = Array.from({ length: files }, (_, at) => ({
        ...{ id: at + 1, name: `${caller.user.name} ${at + 1}.txt`, parent_id: 0, file_type: 'TEXT', size: 1 },
        ...{ content_type: 'text/plain', created_at: '2026-11-29T10:00:00' },
      }))
      return fine({ files: rows, parent, cursor: null, total: files })
    }
    if (what === 'GET /v2/friends/list') return fine({ friends: [], total: 0 })
    return refused(404, 'NotFound')
  }

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x')
    const what = `${request.method} ${pathname}`
    const token = /^token (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? null
    asked.push({ what, query: searchParams, token })
    request.resume()
    const behaviour = behaviours.findLast((one) => one.what.test(what))
    if (behaviour !== undefined) return behaviour.answer(request, response)
    const { status, body } = usual(what, token)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening')
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    codes,
    tokenFor,
    approve: (user, code = codes.at(-1) ?? '') => {
      const token = tokenFor(user)
      known.set(code, token)
      return token
    },
    isValid: (token) => tokens.has(token),
    revokeAll: () => tokens.clear(),
    expireCodes: () => known.clear(),
    behave: (what, answer) => {
      const others = behaviours.filter((one) => one.what.source !== what.source)
      behaviours.splice(0, behaviours.length, ...others, ...(answer === null ? [] : [{ what, answer }]))
    },
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
