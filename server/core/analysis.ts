import { exchange } from '../../engine/exchange.ts'
import { FetchError } from '../../engine/fetch-error.ts'
import { type Gate, GateError } from '../../engine/gate.ts'
import { nameForLink } from '../../engine/names.ts'
import { announcedBytes } from '../../engine/resume.ts'
import { promisesMedia } from './kinds.ts'
import { linkKind, whyNot } from './links.ts'
import { humanSize } from './messages.ts'
import { isWebPage } from './web-page.ts'

const linkTimeoutMs = 10_000
const maxAtOnce = 16
const maxPerHost = 4
const headBytes = 1024

/** What can be told about a link without fetching it. `tooLarge` says why one that could be fetched does not fit. */
export type AnalyzedLink =
  | { link: string; isTorrent: boolean; error: string }
  | { link: string; error: null; name: string; host: string; sizeBytes: number | null; tooLarge: string | null }

export interface AnalysisOptions {
  gate: Gate
  /** The disk space that nobody has been promised. */
  freeBytes: number
  report: (fault: unknown) => void
}

/** Reports on links, in their order: several at once, few of one host, each for ten seconds at most. */
export async function analyze(links: string[], options: AnalysisOptions): Promise<AnalyzedLink[]> {
  const results: AnalyzedLink[] = []
  const waiting = links.map((link, index) => ({ link: link.trim(), index, host: hostOf(link) }))
  const busyHosts = new Map<string, number>()
  // A worker that finds only hosts with enough workers leaves the rest to those.
  const work = async () => {
    for (;;) {
      const next = waiting.findIndex(({ host }) => (busyHosts.get(host) ?? 0) < maxPerHost)
      const [job] = next === -1 ? [] : waiting.splice(next, 1)
      if (job === undefined) return
      busyHosts.set(job.host, (busyHosts.get(job.host) ?? 0) + 1)
      results[job.index] = await analyzeLink(job.link, options)
      busyHosts.set(job.host, (busyHosts.get(job.host) ?? 1) - 1)
    }
  }
  await Promise.all(Array.from({ length: Math.min(maxAtOnce, links.length) }, work))
  return results
}

async function analyzeLink(link: string, options: AnalysisOptions): Promise<AnalyzedLink> {
  const refused = whyNot(link)
  if (refused !== null) return { link, isTorrent: linkKind(link) === 'torrent', error: refused }
  try {
    const found = await probe(link, options.gate)
    const { sizeBytes } = found
    const isTooLarge = sizeBytes !== null && sizeBytes > options.freeBytes
    const tooLarge = isTooLarge
      ? `“${found.name}” does not fit: it needs ${humanSize(sizeBytes)}, and ${humanSize(options.freeBytes)} is free.`
      : null
    return { link, error: null, tooLarge, ...found }
  } catch (fault) {
    return { link, isTorrent: false, error: sentenceOf(fault, link, options.report) }
  }
}

async function probe(link: string, gate: Gate): Promise<{ name: string; host: string; sizeBytes: number | null }> {
  const signal = AbortSignal.timeout(linkTimeoutMs)
  const ask = (method: 'HEAD' | 'GET') =>
    exchange(link, {
      gate,
      method,
      timeoutMs: linkTimeoutMs,
      signal,
      headers: method === 'GET' ? { range: `bytes=0-${headBytes - 1}` } : {},
    })
  let answer = await ask('HEAD')
  answer.response.resume()
  let sizeBytes = answer.response.statusCode === 200 ? announcedBytes(answer.response) : null
  const { 'content-type': type = '', 'content-disposition': disposition = null } = answer.response.headers
  const isPromised = promisesMedia(nameForLink(link)) || promisesMedia(nameForLink(answer.url.href, disposition))
  if (sizeBytes === null || (isPromised && /html/i.test(type))) {
    answer.response.destroy()
    answer = await ask('GET')
    const { response, url } = answer
    const status = response.statusCode ?? 0
    if (status !== 200 && status !== 206) {
      response.destroy()
      throw new FetchError(statusSentence(status, url.hostname))
    }
    const total = /\/(\d+)$/.exec(response.headers['content-range'] ?? '')?.[1]
    sizeBytes = status === 200 ? announcedBytes(response) : total === undefined ? null : Number(total)
    const head = await readHead(response)
    if (isPromised && isWebPage(response.headers['content-type'] ?? null, head)) {
      throw new FetchError(
        'A web page is there instead of the file: the link may have ended, or asks you to sign in first.',
      )
    }
  }
  const { response, url } = answer
  response.destroy()
  return { name: nameForLink(url.href, response.headers['content-disposition']), host: url.hostname, sizeBytes }
}

async function readHead(response: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= headBytes) break
  }
  return Buffer.concat(chunks)
}

/** Fetches a page, through the gate, to look for links in it. */
export async function fetchPage(link: string, gate: Gate): Promise<string> {
  const signal = AbortSignal.timeout(linkTimeoutMs)
  const { response, url } = await exchange(link, { gate, timeoutMs: linkTimeoutMs, signal })
  if (response.statusCode !== 200) {
    response.destroy()
    throw new FetchError(statusSentence(response.statusCode ?? 0, url.hostname))
  }
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response) {
    chunks.push(chunk)
    length += chunk.length
    if (length > 4 * 1024 * 1024) break
  }
  return Buffer.concat(chunks).toString('utf8')
}

function statusSentence(status: number, host: string): string {
  if (status === 404 || status === 410) return `“${host}” says there is no such file (${status}).`
  if (status >= 500) return `“${host}” has a fault of its own (${status}).`
  return `“${host}” does not let this file be fetched (${status}).`
}

/** What went wrong with a link, in a sentence; anything unknown is reported. */
export function sentenceOf(fault: unknown, link: string, report: (fault: unknown) => void): string {
  if (fault instanceof FetchError || fault instanceof GateError) return fault.message
  if (fault instanceof Error && (fault.name === 'TimeoutError' || fault.name === 'AbortError')) {
    return `“${hostOf(link)}” did not answer within ${linkTimeoutMs / 1000} seconds.`
  }
  report(fault)
  return 'The service could not look at this link.'
}

function hostOf(link: string): string {
  return URL.canParse(link) ? new URL(link).hostname : ''
}
