import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { errorCode, FetchError, translateError } from '../fetch-error.ts'
import type { Ending } from '../source.ts'

/** After this many interim (1xx) responses the server is considered broken. */
const maxInterim = 50

/**
 * Waits for the head of the response to a request, for at most `timeoutMs`. Always settles: rejects with a `FetchError`, or with
 * the reason of an abort, on an error, a protocol upgrade, a flood of interim responses, silence, or a connection that closes
 * first. `host` is the server named in errors.
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
    let hasHead = false
    // An error after the head belongs to the body, whose reader receives it; without a listener it would end the program.
    request.on('error', (error) => {
      clearTimeout(late)
      reject(translateError(error, host))
    })
    request.on('close', () => {
      clearTimeout(late)
      // An error takes time to make, and most requests end well.
      if (!hasHead) reject(new FetchError(`“${host}” broke the connection.`, { isPassing: true }))
    })
    request.on('information', () => {
      interim += 1
      if (interim > maxInterim) request.destroy(new FetchError(`“${host}” only says “go on”, and never answers.`))
    })
    // Without a listener Node closes the connection silently; with one, the connection belongs to the listener.
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
      hasHead = true
      resolve(response)
    })
  })
}

/**
 * What the end of a response body is worth; call it after the end. Node considers a body without a length complete even when the
 * connection was reset. It does not report whether TLS was closed in order, so over https such an end is `unproven` as well.
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

/** True for Node's errors about a response that is not valid HTTP. */
export function isInvalidHttp(error: unknown): boolean {
  return errorCode(error).startsWith('HPE_')
}
