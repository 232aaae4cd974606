import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { errorCode, FetchError, translateError } from '../fetch-error.ts'
import type { Ending } from '../source.ts'

/** More answers that only say “go on” than this are no answer. */
const maxInterim = 50

/**
 * Waits for the head of the answer to a request that was sent, at most `timeoutMs`. Settles however the request ends: rejects with a
 * `FetchError`, or with the reason of an abort, on an error, a change of protocol, a flood of interim answers, silence, and a
 * connection that closes first. `host` is who does not answer.
 */
export function waitForResponse(
  request: ClientRequest,
  { host, timeoutMs }: { host: string; timeoutMs: number },
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      request.destroy(new FetchError(`“${host}” does not answer.`, { isPassing: true }))
    }, timeoutMs)
    let interim = 0
    // An error after the head is the body's, and is told to who reads that; without a listener it would end the program.
    request.on('error', (error) => {
      clearTimeout(late)
      reject(translateError(error, host))
    })
    request.on('close', () => {
      clearTimeout(late)
      reject(new FetchError(`“${host}” broke the connection.`, { isPassing: true }))
    })
    request.on('information', () => {
      interim += 1
      if (interim > maxInterim) request.destroy(new FetchError(`“${host}” only says “go on”, and never answers.`))
    })
    // Without a listener Node closes the connection and tells nobody; with one, the connection is the listener's.
    const onSwitch = (response: IncomingMessage, socket: Duplex) => {
      reject(new FetchError(`“${host}” answers with something that is not a file (${response.statusCode}).`))
      socket.on('error', () => undefined)
      socket.destroy()
      request.destroy()
    }
    request.on('upgrade', onSwitch)
    request.on('connect', onSwitch)
    request.on('response', (response) => {
      clearTimeout(late)
      resolve(response)
    })
  })
}

/**
 * What the end of an answer's body is worth; to be asked after it. Node calls a body without a length complete even when the
 * connection was reset. It does not tell whether TLS was closed in order, so over https such an end is `unproven` as well.
 * Source: RFC 9112 §6.3, §8.
 */
export function endingOf(request: ClientRequest, response: IncomingMessage): Ending {
  if (!response.complete) return 'broken'
  const { 'content-length': length, 'transfer-encoding': coding } = response.headers
  const hasNoBody = request.method === 'HEAD' || response.statusCode === 204 || response.statusCode === 304
  if (hasNoBody || length !== undefined || coding?.toLowerCase() === 'chunked') return 'proven'
  const isClosedInOrder = request.socket?.readableEnded === true && request.socket.errored === null
  return isClosedInOrder ? 'unproven' : 'broken'
}

/** True for what Node says of an answer that is no HTTP. */
export function isInvalidHttp(error: unknown): boolean {
  return errorCode(error).startsWith('HPE_')
}
