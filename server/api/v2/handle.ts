import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Cores } from '../../core/core.ts'
import type { Attempts } from '../attempts.ts'
import { readBody } from '../read-body.ts'
import { callerOf, extensions, tokenOf } from './access.ts'
import { account } from './account.ts'
import { config } from './config.ts'
import { downloadLinks } from './download-links.ts'
import { downloads } from './downloads.ts'
import { ApiError, toApiError } from './error.ts'
import { events } from './events.ts'
import { extractions } from './extractions.ts'
import { fileChanges } from './file-changes.ts'
import { files } from './files.ts'
import type { Call, OpenCall, Result, Route } from './method.ts'
import { addForm, addJson, createParams, type Params } from './params.ts'
import { publicShares } from './public-shares.ts'
import { rss, rssPreview } from './rss.ts'
import { send } from './send.ts'
import { settings } from './settings.ts'
import { sharing } from './sharing.ts'
import { signIn } from './sign-in.ts'
import { subtitles } from './subtitles.ts'
import { transfers } from './transfers.ts'
import { trash } from './trash.ts'
import { uploads } from './uploads.ts'
import { zips } from './zips.ts'

export interface V2Options {
  cores: Cores
  attempts: Attempts
  /** The caller, as attempts are counted. */
  caller(): string
  base: string
}

const routes: Route[] = [
  ...account,
  // Before the routes with an id in the same place.
  ...extractions,
  ...sharing,
  ...files,
  ...fileChanges,
  ...downloads,
  ...downloadLinks,
  ...subtitles,
  ...trash,
  ...transfers,
  ...signIn,
  ...settings,
  ...config,
  ...events,
  ...rss,
  ...rssPreview,
  ...uploads,
  ...publicShares,
  ...zips,
]
const compiled = routes.map((route) => ({ route, matches: toPattern(route.path) }))

/** Responds to a request of API v2. Source: API v2 §3, §4, §19. */
export async function handleV2(request: IncomingMessage, response: ServerResponse, options: V2Options): Promise<void> {
  let result: Result
  try {
    result = await answer(request, response, options)
  } catch (error) {
    const known = toApiError(error)
    if (known === null && (request.destroyed || response.destroyed)) throw error
    if (known === null) options.cores.report(error)
    if (response.headersSent) {
      response.destroy()
      return
    }
    sendError(response, known ?? internalError, extensions(request))
    return
  }
  if (result !== null) send(response, 200, { ...result, status: 'OK' })
}

const internalError = new ApiError(500, 'InternalError', 'The service had an internal error. Its log has the details.')

async function answer(request: IncomingMessage, response: ServerResponse, options: V2Options): Promise<Result> {
  const { cores, base } = options
  const [path = '', query = ''] = split(request.url ?? '')
  const found = find(request.method ?? '', path)
  const params = await readParams(request, query, found.route)
  const noteFailure = () => options.attempts.fail(options.caller())
  const pauseMs = () => options.attempts.pauseMs(options.caller())
  const call: OpenCall = { cores, params, path: found.values, base, request, response, noteFailure, pauseMs }
  if (found.route.access === 'open') return found.route.run(call)
  return found.route.run({ ...call, ...requireToken(call, options, found.route.access), ...extensions(request) })
}

/** Throws the answer to a missing, wrong or insufficient token. */
function requireToken(
  { cores, request, params }: OpenCall,
  { attempts, caller }: V2Options,
  access: 'user' | 'download',
) {
  const token = tokenOf(request, params)
  const signer = token === null ? null : callerOf(cores, token)
  if (signer !== null && (access === 'download' || signer.scope === 'default')) return signer
  if (signer !== null) throw new ApiError(401, 'invalid_scope', 'This token only allows to read files.')
  const pauseMs = token === null ? 0 : attempts.fail(caller())
  if (pauseMs === 0) throw new ApiError(401, 'invalid_grant', 'The access token is missing or not valid.')
  const seconds = Math.ceil(pauseMs / 1000)
  const sentence = `Too many wrong access tokens. Please try again in ${seconds} seconds.`
  throw new ApiError(429, 'RATE_LIMIT_ERROR', sentence, { retry_after: seconds })
}

/** The path and the query of a target. */
function split(target: string): [path: string, query: string] {
  const plain = target.replace(/^https?:\/\/[^/?#]*/i, '')
  const at = plain.indexOf('?')
  return at === -1 ? [plain, ''] : [plain.slice(0, at), plain.slice(at + 1)]
}

/** Throws a 404 or 405. */
function find(verb: string, path: string): { route: Route; values: Record<string, string> } {
  const plain = path.replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '')
  const there = compiled.flatMap(({ route, matches }) => {
    const values = matches(plain)
    return values === null ? [] : [{ route, values }]
  })
  const exact = there.find(({ route }) => route.verb === verb)
  // Node sends no body in response to HEAD.
  const found = exact ?? (verb === 'HEAD' ? there.find(({ route }) => route.verb === 'GET') : undefined)
  if (found !== undefined) return found
  if (there.length > 0) throw new ApiError(405, 'MethodNotAllowed', `“${verb.slice(0, 20)}” is not possible here.`)
  throw new ApiError(404, 'NotFound', 'There is nothing at this address.')
}

/** Matches a path against a pattern such as `/v2/files/:id`. Returns the decoded values; null if it does not match. */
function toPattern(pattern: string): (path: string) => Record<string, string> | null {
  const names = [...pattern.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
  const expression = new RegExp(`^${pattern.replace(/:\w+/g, '([^/]+)')}$`)
  return (path) => {
    const match = expression.exec(path)
    if (match === null) return null
    return Object.fromEntries(names.map((name, index) => [name, decode(match[index + 1] ?? '')]))
  }
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

async function readParams(request: IncomingMessage, query: string, route: Route): Promise<Params> {
  const values = new Map<string, unknown>()
  addForm(values, query)
  if (route.readsBody === true || request.method === 'GET' || request.method === 'HEAD') return createParams(values)
  if (!/^identity$/i.test(request.headers['content-encoding'] ?? 'identity'))
    throw new ApiError(415, 'BadRequest', 'This service reads requests only as they are, without compression.')
  const body = await readBody(request)
  if (body === 'too-large')
    throw new ApiError(413, 'BadRequest', 'The request is larger than this service reads (4 MiB).')
  if (body === 'busy') throw new ApiError(503, 'Busy', 'Too many large requests at once. Please try again in a minute.')
  if (body.length === 0) return createParams(values)
  const type = request.headers['content-type'] ?? ''
  const text = body.toString('utf8')
  if (/^multipart\/form-data\b/i.test(type)) {
    const { addMultipart } = await import('./multipart.ts')
    await addMultipart(values, body, type)
  } else if (/\bjson\b/i.test(type)) addJson(values, text)
  else addForm(values, text)
  return createParams(values)
}

function sendError(response: ServerResponse, error: ApiError, { isExtended }: Pick<Call, 'isExtended'>): void {
  const { status, type, message, extra } = error
  if (typeof extra.retry_after === 'number') response.setHeader('Retry-After', extra.retry_after)
  send(response, status, {
    status: 'ERROR',
    status_code: status,
    error_type: type,
    error_message: message,
    error_id: null,
    error_uri: 'http://api.put.io/v2/docs',
    extra,
    // Our own client shows the sentence as it is.
    ...(isExtended && { putdesk: {} }),
  })
}
