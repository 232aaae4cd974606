import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Core, Cores } from '../../core/core.ts'
import { reasonOf } from '../../core/errors/reason.ts'
import type { Attempts } from '../attempts.ts'
import { readBody } from '../read-body.ts'
import { messages, mounter, user } from './account.ts'
import { declaredCharset } from './bytes.ts'
import { type Decoded, decode } from './decode.ts'
import { type Answer, failure, loginFailure, success, write } from './envelope.ts'
import { files } from './files.ts'
import type { Method } from './method.ts'
import { readParams } from './params.ts'
import { subscriptions } from './subscriptions.ts'
import { transfers } from './transfers.ts'
import { urls } from './urls.ts'

/** The statuses of responses to requests whose body was not read to its end. */
const unread = new Set([413, 415, 503])
const resources: Record<string, Record<string, Method>> = {
  files,
  transfers,
  urls,
  user,
  messages,
  mounter,
  subscriptions,
}

export interface V1Options {
  cores: Cores
  attempts: Attempts
  /** The caller, as attempts are counted. */
  caller(): string
  base: string
}

/**
 * Responds to a request of API v1: GET and POST alike, status 200 for everything that has an envelope. Source: API v1
 * §1–§3, §13.
 */
export async function handleV1(request: IncomingMessage, response: ServerResponse, options: V1Options): Promise<void> {
  const coding = request.headers['content-encoding'] ?? 'identity'
  if (!/^identity$/i.test(coding)) {
    return send(
      response,
      failure('This service reads requests only as they are, without compression.', null, 415),
      null,
    )
  }
  const body = await readBody(request)
  if (body === 'too-large') {
    return send(response, failure('The request is larger than this service reads (4 MiB).', null, 413), null)
  }
  if (body === 'busy') {
    return send(response, failure('Too many large requests at once. Please try again in a minute.', null, 503), null)
  }
  const decoded = await decode(request.url ?? '', body, declaredCharset(request.headers['content-type']))
  send(response, await answer(decoded, options), decoded.callback)
}

async function answer(request: Decoded, { cores, attempts, caller, base }: V1Options): Promise<Answer> {
  const { key, secret } = request
  const isSigner = ({ account }: Core) => key !== null && secret !== null && account.isSignedBy(key, secret)
  // Every user is checked, so that the timing does not reveal whose key it was.
  const [core] = cores.users.filter(isSigner)
  if (core === undefined) {
    const pauseMs = attempts.fail(caller())
    if (pauseMs === 0) return loginFailure
    const seconds = Math.ceil(pauseMs / 1000)
    return failure(`Too many wrong keys or secrets. Please try again in ${seconds} seconds.`, null, 429)
  }
  const { account } = core
  const resource = Object.hasOwn(resources, request.resource) ? resources[request.resource] : undefined
  const method =
    resource !== undefined && Object.hasOwn(resource, request.method) ? resource[request.method] : undefined
  if (method === undefined) {
    return failure(
      `There is no method “${request.method.slice(0, 100)}” of “${request.resource.slice(0, 100)}”.`,
      account,
      404,
    )
  }
  const params = request.readParams()
  if (params === null) return failure('The request is not valid JSON.', account)
  try {
    return success(await method({ core, params: readParams(params), base }), account)
  } catch (error) {
    const reason = reasonOf(error)
    if (reason !== null) return failure(reason, account)
    core.report(error)
    return failure('The service had an internal error. Its log has the details.', account, 500)
  }
}

function send(response: ServerResponse, answer: Answer, callback: string | null): void {
  const { contentType, bytes } = write(answer, callback)
  response.writeHead(answer.status, {
    'Content-Type': contentType,
    'Content-Length': bytes.length,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(unread.has(answer.status) && { Connection: 'close' }),
  })
  response.end(bytes)
}
