import type { IncomingMessage } from 'node:http'
import { FetchError } from '../fetch-error.ts'
import type { Gate } from '../net/gate.ts'
import { type AskedPart, checkPartial, isOtherVersion, validatorsOf, wholeBytes } from '../resume.ts'
import type { Delivery, Mismatch, NothingLeft, Source } from '../source.ts'
import { codingsOf, decodeBody } from './coding.ts'
import { type Exchange, excessWaitMs, exchange, type HttpCredentials } from './exchange.ts'
import type { KeptConnections } from './kept-connections.ts'
import { type Body, uncopiedBody } from './uncopied-body.ts'

const maxRetryAfterMs = 60 * 60 * 1000

export interface HttpSourceOptions {
  gate: Gate
  timeoutMs: number
  credentialsFor?: ((url: URL) => HttpCredentials | null) | undefined
  connections?: KeptConnections | undefined
  /** Throws for a redirect that is not followed. */
  checkRedirect?: ((to: URL) => void) | undefined
}

/** A file on a web server. Source: RFC 9110 §13.1.5, §14. */
export function httpSource(link: string, options: HttpSourceOptions): Source {
  return {
    host: URL.canParse(link) ? new URL(link).hostname : link.slice(0, 100),
    open: async (asked, signal) => {
      const answer = await exchange(link, { ...options, signal, headers: rangeHeaders(asked) })
      try {
        return judge(answer, asked)
      } catch (error) {
        answer.response.destroy()
        throw error
      }
    },
  }
}

function isPart(asked: AskedPart): boolean {
  return asked.start > 0 || asked.end !== null
}

function rangeHeaders(asked: AskedPart): Record<string, string> {
  if (!isPart(asked)) return {}
  const { strong } = asked.validators
  const range = `bytes=${asked.start}-${asked.end === null ? '' : asked.end - 1}`
  return { range, ...(strong === null ? {} : { 'if-range': strong }) }
}

/** Decides what the head of a response means for the requested part. */
function judge(answer: Exchange, asked: AskedPart): Delivery | NothingLeft | Mismatch {
  const { response, url } = answer
  const status = response.statusCode ?? 0
  refuseTransferCoding(response, url)
  if (status === 206 && isPart(asked)) {
    const isCoded = codingsOf(response, url).length > 0
    const checked = isCoded
      ? { problem: 'it sends its rest only in a coding', hasChanged: false }
      : checkPartial(response, asked)
    if (checked.problem === null) {
      const { end, totalBytes } = checked
      return delivery(answer, { start: asked.start, end, totalBytes, isWhole: false })
    }
    response.destroy()
    return { kind: 'mismatch', ...checked }
  }
  if (status === 416 && isPart(asked)) {
    response.destroy()
    const total = /^bytes \*\/(\d+)$/i.exec(response.headers['content-range'] ?? '')?.[1]
    const isAtEnd =
      total !== undefined &&
      Number(total) === asked.start &&
      asked.totalBytes === asked.start &&
      !isOtherVersion(validatorsOf(response), asked.validators)
    return isAtEnd
      ? { kind: 'nothing-left' }
      : { kind: 'mismatch', problem: 'it has no such part', hasChanged: total !== `${asked.totalBytes}` }
  }
  if (status !== 200 && status !== 206) throw statusError(response, url.hostname)
  const totalBytes = wholeBytes(response)
  if (totalBytes === 'part') {
    throw new FetchError(`“${url.hostname}” answers with a part of the file as if it were the whole.`, {
      isPassing: true,
    })
  }
  const codings = codingsOf(response, url)
  if (codings.length > 0) return decoded(answer, codings)
  return delivery(answer, { start: 0, end: totalBytes, totalBytes, isWhole: true })
}

/** A file in a content coding: its size is not known in advance, and it cannot be resumed. */
function decoded(answer: Exchange, codings: string[]): Delivery {
  const stream = decodeBody(answer.response, codings, answer.url.hostname)
  // The coding marks its own end, so an orderly end is proof.
  const ending = () => (answer.ending() === 'broken' ? 'broken' : 'proven')
  const whole = { start: 0, end: null, totalBytes: null, isWhole: true }
  const coded = delivery(answer, whole, { stream, ending, sentMore: answer.sentMore })
  return { ...coded, givesParts: false, validators: { ...coded.validators, strong: null } }
}

function bodyOf({ response, connection, ending, sentMore }: Exchange): Body {
  const uncopied = connection === null ? null : uncopiedBody(response, connection, excessWaitMs)
  return uncopied ?? { stream: response, ending, sentMore }
}

function delivery(
  answer: Exchange,
  place: Pick<Delivery, 'start' | 'end' | 'totalBytes' | 'isWhole'>,
  { stream, ending, sentMore }: Body = bodyOf(answer),
): Delivery {
  const { response, url } = answer
  return {
    kind: 'bytes',
    host: url.hostname,
    ...place,
    validators: validatorsOf(response),
    givesParts: !place.isWhole || /\bbytes\b/i.test(response.headers['accept-ranges'] ?? ''),
    announced: {
      url: url.href,
      contentType: response.headers['content-type'] ?? null,
      contentDisposition: response.headers['content-disposition'] ?? null,
      sizeBytes: place.totalBytes,
    },
    stream,
    ending,
    confirm: async () => {
      if (await sentMore()) throw sentTooMuch(url.hostname)
    },
    close: () => {
      stream.destroy()
      response.destroy()
    },
  }
}

/** A server that sends more than it announced cannot be trusted with any byte. */
export function sentTooMuch(host: string): FetchError {
  return new FetchError(`“${host}” sent more than it had announced, so the file cannot be trusted.`)
}

function statusError(response: IncomingMessage, host: string): FetchError {
  const status = response.statusCode ?? 0
  const sentence = (what: string) => `“${host}” ${what} (${status}).`
  if (status === 404 || status === 410) return new FetchError(sentence('says there is no such file'))
  if (status === 401 || status === 403 || status === 407)
    return new FetchError(sentence('does not let this file be fetched'))
  if (status === 429 || status === 408 || status >= 500) {
    const what = status === 429 ? 'asks for fewer requests' : 'reports an error of its own'
    return new FetchError(sentence(what), { isPassing: true, retryAfterMs: retryAfterMs(response) })
  }
  return new FetchError(sentence('answers with something that is not a file'))
}

/** Node decodes chunks; any other transfer coding would be mistaken for the file. Source: RFC 9112 §6.1. */
function refuseTransferCoding(response: IncomingMessage, url: URL): void {
  const coding = response.headers['transfer-encoding']?.toLowerCase() ?? 'identity'
  if (coding !== 'identity' && coding !== 'chunked')
    throw new FetchError(`“${url.hostname}” packs what it sends as “${coding}”, which was not asked for.`)
}

/** How long a server asks to wait, at most an hour; null when it does not say, or sends nonsense. */
function retryAfterMs(response: IncomingMessage): number | null {
  const header = response.headers['retry-after']
  if (header === undefined) return null
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), maxRetryAfterMs)
}
