import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Core, Cores } from '../../core/core.ts'
import { reasonOf } from '../../core/reason.ts'
import type { Attempts } from '../attempts.ts'
import { messages, mounter, user } from './account.ts'
import { type Decoded, decode } from './decode.ts'
import { type Answer, failure, loginFailure, success, write } from './envelope.ts'
import { files } from './files.ts'
import type { Method } from './method.ts'
import { readParams } from './params.ts'
import { subscriptions } from './subscriptions.ts'
import { transfers } from './transfers.ts'
import { urls } from './urls.ts'

const maxBodyBytes = 4 * 1024 * 1024
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
  base: string
}

/** Answers a request of API v1: GET and POST alike, status 200 for all that has an envelope. Source: API v1 §1–§3, §13. */
export async function handleV1(request: IncomingMessage, response: ServerResponse, options: V1Options): Promise<void> {
  const body = await readBody(request)
  if (body === null) {
    send(response, failure('The request is larger than this service reads (4 MiB).', null, 413), null)
    return
  }
  const decoded = decode(request.url ?? '', body)
  send(response, await answer(decoded, request.socket.remoteAddress ?? '', options), decoded.callback)
}

async function answer(said: Decoded, address: string, { cores, attempts, base }: V1Options): Promise<Answer> {
  const caller = `${address} ${said.key ?? ''}`
  const pauseMs = attempts.pauseMs(caller)
  if (pauseMs > 0) {
    const seconds = Math.ceil(pauseMs / 1000)
    return failure(`Too many wrong keys or secrets. Please try again in ${seconds} seconds.`, null, 429)
  }
  const { key, secret } = said
  const isSigner = ({ account }: Core) => key !== null && secret !== null && account.isSignedBy(key, secret)
  // Everyone is asked, so that the time tells nothing about who was meant.
  const [core] = cores.users.filter(isSigner)
  if (core === undefined) {
    attempts.fail(caller)
    return loginFailure
  }
  const { account } = core
  const resource = Object.hasOwn(resources, said.resource) ? resources[said.resource] : undefined
  const method = resource !== undefined && Object.hasOwn(resource, said.method) ? resource[said.method] : undefined
  if (method === undefined) {
    return failure(
      `There is no method “${said.method.slice(0, 100)}” of “${said.resource.slice(0, 100)}”.`,
      account,
      404,
    )
  }
  try {
    const { isExtended } = said
    return success(await method({ core, params: readParams(said.params), base, isExtended }), account)
  } catch (fault) {
    const reason = reasonOf(fault)
    if (reason !== null) return failure(reason, account)
    core.report(fault)
    return failure('The service had a fault of its own. Its log has the details.', account, 500)
  }
}

/** The raw body, or null when it is too large: then it is read on a while and dropped, so that the client hears why. */
function readBody(request: IncomingMessage): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= maxBodyBytes) chunks.push(chunk)
      else if (length > 16 * maxBodyBytes) resolve(null)
    })
    request.on('end', () => resolve(length > maxBodyBytes ? null : textOf(chunks)))
    request.on('error', reject)
    request.on('close', () => {
      if (!request.complete) reject(new Error('The client went away.'))
    })
  })
}

function textOf(chunks: Buffer[]): string {
  const [first] = chunks
  return first !== undefined && chunks.length === 1 ? first.toString('utf8') : Buffer.concat(chunks).toString('utf8')
}

function send(response: ServerResponse, answer: Answer, callback: string | null): void {
  const { contentType, bytes } = write(answer, callback)
  response.writeHead(answer.status, {
    'Content-Type': contentType,
    'Content-Length': bytes.length,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(answer.status === 413 && { Connection: 'close' }),
  })
  response.end(bytes)
}
