import type { IncomingMessage } from 'node:http'
import { brokeOff } from '../../../../engine/fetch/body.ts'
import { FetchError, translateError } from '../../../../engine/fetch-error.ts'
import { codingsOf, decodeBody } from '../../../../engine/http/coding.ts'
import { exchange } from '../../../../engine/http/exchange.ts'
import type { Gate } from '../../../../engine/net/gate.ts'
import { documentText } from './document-text.ts'

const timeoutMs = 30_000

interface TextOptions {
  gate: Gate
  signal: AbortSignal
  maxBytes: number
}

/** Fetches a text of limited size through the gate: a page to find links in, or a feed. Rejects with a sentence. */
export async function fetchText(link: string, options: TextOptions): Promise<string> {
  return (await fetchDocument(link, options)).text
}

/** The same, with the address after redirects. */
export async function fetchDocument(
  link: string,
  { gate, signal, maxBytes }: TextOptions,
): Promise<{ text: string; url: string }> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  const { response, url, ending } = await exchange(link, { gate, timeoutMs, signal: limit })
  try {
    if (response.statusCode !== 200) throw statusError(response, url.hostname)
    const codings = codingsOf(response, url)
    const body = codings.length === 0 ? response : decodeBody(response, codings, url.hostname)
    const bytes = await readUpTo(body, maxBytes + 1)
    if (bytes.length > maxBytes) {
      throw new FetchError(
        `“${url.hostname}” sends more than ${Math.round(maxBytes / 1024 / 1024)} MB, so it was not read.`,
      )
    }
    if (ending() === 'broken') throw brokeOff(url.hostname)
    return { text: documentText(bytes, response.headers['content-type'] ?? null), url: url.href }
  } catch (error) {
    if (limit.aborted && !signal.aborted) throw new FetchError(`“${url.hostname}” took too long.`, { cause: error })
    throw translateError(error, url.hostname)
  } finally {
    response.destroy()
  }
}

/** Reads at least this many bytes of a body, or all of it. */
export async function readUpTo(response: AsyncIterable<Buffer>, minBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= minBytes) break
  }
  return Buffer.concat(chunks)
}

/** The server is busy, which says nothing about the file. */
export class BusyError extends FetchError {
  constructor(sentence: string) {
    super(sentence, { isPassing: true })
  }
}

/**
 * Temporary statuses: too slow, too early, too many, and a server that is down or cannot reach its upstream. Source:
 * RFC 9110, RFC 6585, RFC 8470.
 */
const busyStatuses = new Set([408, 425, 429, 502, 503, 504])

/** The error for a status other than 200. */
export function statusError({ statusCode = 0, headers }: IncomingMessage, host: string): FetchError {
  if (statusCode === 404 || statusCode === 410)
    return new FetchError(`“${host}” says there is no such file (${statusCode}).`)
  if (busyStatuses.has(statusCode) || (statusCode >= 400 && headers['retry-after'] !== undefined))
    return new BusyError(`“${host}” is busy now (${statusCode}).`)
  if (statusCode >= 500) return new FetchError(`“${host}” reports an error of its own (${statusCode}).`)
  return new FetchError(`“${host}” does not let this file be fetched (${statusCode}).`)
}
