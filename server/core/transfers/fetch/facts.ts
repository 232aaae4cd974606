import { brokeOff } from '../../../../engine/fetch/body.ts'
import { FetchError } from '../../../../engine/fetch-error.ts'
import { ftpFacts } from '../../../../engine/ftp/ftp.ts'
import { codingsOf, decodeBody } from '../../../../engine/http/coding.ts'
import { type Exchange, exchange } from '../../../../engine/http/exchange.ts'
import type { Gate } from '../../../../engine/net/gate.ts'
import { announcedBytes } from '../../../../engine/resume.ts'
import { nameForLink, plainNameForLink, safeName } from '../../../../engine/text/names.ts'
import { readZipDirectory } from '../../../archive/zip-directory.ts'
import type { TorrentEngine } from '../../../torrent/engine.ts'
import type { TorrentSource } from '../../../torrent/types.ts'
import { promisesMedia } from '../../space/kinds.ts'
import type { Hosters } from '../hosters.ts'
import { linkKind, nameOfMagnet, namesTorrent, torrentBytes } from '../links.ts'
import { isWebPage } from '../web-page.ts'
import { readUpTo, statusError } from './fetch-text.ts'

const linkTimeoutMs = 10_000
/** Short enough to leave time for another method. */
const headTimeoutMs = 3000
const magnetTimeoutMs = 20_000
const headBytes = 1024
const maxTorrentFileBytes = 16 * 1024 * 1024

/** What is known about a link without fetching its content. */
export interface Facts {
  kind: 'file' | 'torrent'
  name: string
  host: string
  /** Null when unknown. */
  sizeBytes: number | null
  /** The size of the largest file, when there are several. */
  largestBytes: number | null
  /** The number of complete sources of a torrent; null when unknown. */
  seeds: number | null
  /** The number of entries in an archive, when it could be read. */
  entries: number | null
  unpackedBytes: number | null
  needsPassword: boolean
}

export interface FactsOptions {
  gate: Gate
  hosters: Hosters
  torrents(): Promise<TorrentEngine>
}

const unknown = {
  kind: 'file',
  host: '',
  sizeBytes: null,
  largestBytes: null,
  seeds: null,
  entries: null,
  unpackedBytes: null,
  needsPassword: false,
} as const

/** What the link itself says, when its server cannot be asked. */
export function factsOfLink(link: string): Facts {
  const kind = namesTorrent(link) ? 'torrent' : 'file'
  return { ...unknown, kind, name: plainNameForLink(link), host: URL.canParse(link) ? new URL(link).hostname : '' }
}

/** Finds out about a link. Rejects with a sentence when its content is not available. */
export async function linkFacts(link: string, options: FactsOptions): Promise<Facts> {
  const kind = linkKind(link)
  if (kind === 'magnet') return magnetFacts(link, options)
  if (kind === 'torrent-file') return torrentFacts({ torrentFile: torrentBytes(link) }, '', options)
  const signal = AbortSignal.timeout(linkTimeoutMs)
  if (kind === 'ftp' && !namesTorrent(link)) {
    const facts = await ftpFacts(link, { gate: options.gate, signal, timeoutMs: linkTimeoutMs })
    return { ...unknown, ...facts, host: new URL(link).hostname }
  }
  return webFacts(link, { ...options, signal })
}

/** What peers tell within 20 seconds; after that, only the name is known. */
async function magnetFacts(link: string, options: FactsOptions): Promise<Facts> {
  const name = nameOfMagnet(link)
  try {
    const facts = await torrentFacts({ magnet: link }, '', options)
    return facts
  } catch (error) {
    if (!isTimeout(error)) throw error
    return { ...unknown, kind: 'torrent', name }
  }
}

async function torrentFacts(source: TorrentSource, host: string, { torrents }: FactsOptions): Promise<Facts> {
  const engine = await torrents()
  const { name, sizeBytes, files, seeds } = await engine.lookUp(source, {
    signal: AbortSignal.timeout(magnetTimeoutMs),
  })
  const largestBytes = files.reduce((largest, file) => Math.max(largest, file.sizeBytes), 0)
  return {
    ...unknown,
    kind: 'torrent',
    name: safeName(name),
    host,
    sizeBytes,
    largestBytes,
    seeds,
    entries: files.length,
  }
}

interface WebOptions extends FactsOptions {
  signal: AbortSignal
}

async function webFacts(link: string, options: WebOptions): Promise<Facts> {
  const { answer, sizeBytes, head } = await probe(link, options)
  const { response, url } = answer
  if (isTorrent(link, answer))
    return torrentFacts({ torrentFile: await wholeFile(link, options) }, url.hostname, options)
  const { 'content-type': type = null, 'content-disposition': disposition } = response.headers
  const name = nameForLink(url.href, disposition)
  if ((promisesMedia(plainNameForLink(link)) || promisesMedia(name)) && isWebPage(type, head)) {
    throw new FetchError(
      'A web page is there instead of the file: the link may have ended, or asks you to sign in first.',
    )
  }
  const inside = await zipFacts(link, { ...options, name, sizeBytes })
  return { ...unknown, name, host: url.hostname, sizeBytes, ...inside }
}

/** The head of a response, its body already discarded, and what it tells. */
interface Probe {
  answer: Exchange
  sizeBytes: number | null
  /** The first bytes of a web page, if any were requested. */
  head: Buffer
}

/**
 * Tries HEAD, then a range request, then a full request without reading the body, until a response tells what a fetch
 * would get: servers refuse, ignore or mishandle rarely used methods. Only the refusal of a full request is final.
 */
async function probe(link: string, options: WebOptions): Promise<Probe> {
  const byHead = await probeOnce(link, options, 'HEAD').catch((error: unknown) =>
    ignoreProbeError(error, options.signal),
  )
  if (byHead !== null && isConclusive(link, byHead)) return byHead
  const byPart = await probeOnce(link, options, 'part').catch((error: unknown) =>
    ignoreProbeError(error, options.signal),
  )
  const partStatus = byPart?.answer.response.statusCode
  if (byPart !== null && (partStatus === 200 || (partStatus === 206 && byPart.sizeBytes !== null))) return byPart
  const { answer, ...whole } = await probeOnce(link, options, 'whole')
  if (answer.response.statusCode !== 200) throw statusError(answer.response, answer.url.hostname)
  return { answer, ...whole }
}

/** Null when another method may succeed. */
function ignoreProbeError(error: unknown, signal: AbortSignal): null {
  if (signal.aborted || !(error instanceof FetchError)) throw error
  return null
}

/** False for a HEAD response that may differ from a fetch: no size or 0, or a page in place of media. */
function isConclusive(link: string, { answer, sizeBytes }: Probe): boolean {
  const { response, url } = answer
  if (response.statusCode !== 200) return false
  const { 'content-type': type = '', 'content-disposition': disposition } = response.headers
  if (isTorrent(link, answer)) return true
  const isPromised = promisesMedia(plainNameForLink(link)) || promisesMedia(nameForLink(url.href, disposition))
  return sizeBytes !== null && sizeBytes > 0 && !(isPromised && /html/i.test(type))
}

async function probeOnce(link: string, options: WebOptions, how: 'HEAD' | 'part' | 'whole'): Promise<Probe> {
  const range = how === 'part' ? { start: 0, end: headBytes } : undefined
  const answer = await request(link, options, { method: how === 'HEAD' ? 'HEAD' : 'GET', range })
  const { response, url } = answer
  try {
    const codings = codingsOf(response, url)
    const isPage = how !== 'HEAD' && /html/i.test(response.headers['content-type'] ?? '')
    const body = codings.length > 0 ? decodeBody(response, codings, url.hostname) : response
    const head = isPage ? await readUpTo(body, headBytes) : Buffer.alloc(0)
    return { answer, head, sizeBytes: codings.length > 0 ? null : sizeOf(response) }
  } finally {
    response.destroy()
  }
}

/** The size of the whole file in bytes; null when the response has none or an invalid one. */
function sizeOf(response: Exchange['response']): number | null {
  if (response.statusCode === 200) return announcedBytes(response)
  const total = Number(/^bytes .*\/(\d+)$/i.exec(response.headers['content-range'] ?? '')?.[1] ?? Number.NaN)
  return Number.isSafeInteger(total) ? total : null
}

function isTorrent(link: string, { response }: Exchange): boolean {
  const type = response.headers['content-type'] ?? ''
  return namesTorrent(link) || /^application\/x-bittorrent\b/i.test(type)
}

/** Reads the directory of a zip with range requests; empty where that is impossible. Bounded by the time limit. */
async function zipFacts(
  link: string,
  { name, sizeBytes, ...options }: WebOptions & { name: string; sizeBytes: number | null },
): Promise<Partial<Facts>> {
  if (sizeBytes === null || !/\.zip$/i.test(name)) return {}
  try {
    const read = async (offset: number, length: number) => {
      const { response } = await request(link, options, { range: { start: offset, end: offset + length } })
      try {
        const contentRange = response.headers['content-range'] ?? ''
        if (response.statusCode !== 206 || !contentRange.startsWith(`bytes ${offset}-`))
          throw new FetchError('No ranges.')
        return await readUpTo(response, length)
      } finally {
        response.destroy()
      }
    }
    const directory = await readZipDirectory(read, sizeBytes)
    if (directory === null) return {}
    const { entryCount: entries, unpackedBytes, needsPassword } = directory
    return { entries, unpackedBytes, needsPassword }
  } catch (error) {
    if (error instanceof FetchError || isTimeout(error)) return {}
    throw error
  }
}

function request(
  link: string,
  { gate, hosters, signal }: WebOptions,
  { method = 'GET', range }: { method?: 'HEAD' | 'GET'; range?: { start: number; end: number } | undefined } = {},
): Promise<Exchange> {
  return exchange(link, {
    gate,
    method,
    timeoutMs: method === 'HEAD' ? headTimeoutMs : linkTimeoutMs,
    signal,
    credentialsFor: (url) => hosters.credentialsFor(url),
    headers: range === undefined ? {} : { range: `bytes=${range.start}-${range.end - 1}` },
  })
}

async function wholeFile(link: string, options: WebOptions): Promise<Buffer> {
  const { response, url, ending } = await request(link, options)
  try {
    if (response.statusCode !== 200) throw statusError(response, url.hostname)
    const bytes = await readUpTo(response, maxTorrentFileBytes + 1)
    if (bytes.length > maxTorrentFileBytes)
      throw new FetchError(`“${url.hostname}” sends more than a torrent file has.`)
    if (ending() === 'broken') throw brokeOff(url.hostname)
    return bytes
  } finally {
    response.destroy()
  }
}

/** True for an error from `AbortSignal.timeout`. */
export function isTimeout(error: unknown): boolean {
  return error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')
}

/** The sentence on a link that timed out. */
export function timeoutSentence(link: string): string {
  const host = URL.canParse(link) ? new URL(link).hostname : ''
  return `“${host}” did not answer within ${linkTimeoutMs / 1000} seconds.`
}
