import { type Exchange, exchange } from '../../engine/exchange.ts'
import { FetchError } from '../../engine/fetch-error.ts'
import { ftpFacts } from '../../engine/ftp.ts'
import type { Gate } from '../../engine/gate.ts'
import { nameForLink, safeName } from '../../engine/names.ts'
import { announcedBytes } from '../../engine/resume.ts'
import { readZipDirectory } from '../archive/zip-directory.ts'
import type { Hosters } from '../core/hosters.ts'
import { promisesMedia } from '../core/kinds.ts'
import { linkKind, nameOfMagnet, namesTorrent, torrentBytes } from '../core/links.ts'
import { isWebPage } from '../core/web-page.ts'
import type { TorrentEngine } from '../torrent/engine.ts'
import type { TorrentSource } from '../torrent/types.ts'
import { readUpTo, statusSentence } from './fetch-text.ts'

const linkTimeoutMs = 10_000
const magnetTimeoutMs = 20_000
const headBytes = 1024
const maxTorrentFileBytes = 16 * 1024 * 1024

/** What can be told about a link without fetching what it leads to. */
export interface Facts {
  kind: 'file' | 'torrent'
  name: string
  host: string
  /** Null when nobody knows. */
  sizeBytes: number | null
  /** The largest file that it holds, when there are several. */
  largestBytes: number | null
  /** How many share a torrent whole; null when nobody tells. */
  seeds: number | null
  /** What an archive holds, when it could be looked into. */
  entries: number | null
  unpackedBytes: number | null
  needsPassword: boolean
}

export interface FactsOptions {
  gate: Gate
  hosters: Hosters
  torrents: () => Promise<TorrentEngine>
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

/** Finds out about one link. Rejects with a sentence when what it leads to cannot be had. */
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

/** What people who share it tell within 20 seconds; otherwise only its name is known. */
async function magnetFacts(link: string, options: FactsOptions): Promise<Facts> {
  const name = nameOfMagnet(link)
  try {
    const facts = await torrentFacts({ magnet: link }, '', options)
    return facts
  } catch (fault) {
    if (!isTimeout(fault)) throw fault
    return { ...unknown, kind: 'torrent', name }
  }
}

async function torrentFacts(source: TorrentSource, host: string, { torrents }: FactsOptions): Promise<Facts> {
  const engine = await torrents()
  const { name, sizeBytes, files, seeds } = await engine.lookUp(source, {
    signal: AbortSignal.timeout(magnetTimeoutMs),
  })
  const largestBytes = Math.max(0, ...files.map((file) => file.sizeBytes))
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
  let answer = await ask(link, options, 'HEAD')
  answer.response.resume()
  let sizeBytes = answer.response.statusCode === 200 ? announcedBytes(answer.response) : null
  const { 'content-type': type = '', 'content-disposition': disposition = null } = answer.response.headers
  const isPromised = promisesMedia(nameForLink(link)) || promisesMedia(nameForLink(answer.url.href, disposition))
  if (isTorrent(link, answer))
    return torrentFacts({ torrentFile: await wholeFile(link, options) }, answer.url.hostname, options)
  if (sizeBytes === null || (isPromised && /html/i.test(type))) {
    answer.response.destroy()
    answer = await ask(link, options, 'GET', { start: 0, end: headBytes })
    const { response, url } = answer
    const status = response.statusCode ?? 0
    if (status !== 200 && status !== 206) {
      response.destroy()
      throw new FetchError(statusSentence(status, url.hostname))
    }
    const total = /\/(\d+)$/.exec(response.headers['content-range'] ?? '')?.[1]
    sizeBytes = status === 200 ? announcedBytes(response) : total === undefined ? null : Number(total)
    const head = await readUpTo(response, headBytes)
    if (isPromised && isWebPage(response.headers['content-type'] ?? null, head)) {
      throw new FetchError(
        'A web page is there instead of the file: the link may have ended, or asks you to sign in first.',
      )
    }
    if (isTorrent(link, answer))
      return torrentFacts({ torrentFile: await wholeFile(link, options) }, url.hostname, options)
  }
  const { response, url } = answer
  response.destroy()
  const name = nameForLink(url.href, response.headers['content-disposition'])
  const inside = await insideZip(link, { ...options, name, sizeBytes })
  return { ...unknown, name, host: url.hostname, sizeBytes, ...inside }
}

function isTorrent(link: string, { response }: Exchange): boolean {
  const type = response.headers['content-type'] ?? ''
  return namesTorrent(link) || /^application\/x-bittorrent\b/i.test(type)
}

/** Reads the directory of a zip by ranges; nothing is told where that is not possible. Nobody is kept waiting by it for long. */
async function insideZip(
  link: string,
  { name, sizeBytes, ...options }: WebOptions & { name: string; sizeBytes: number | null },
): Promise<Partial<Facts>> {
  if (sizeBytes === null || !/\.zip$/i.test(name)) return {}
  try {
    const read = async (offset: number, length: number) => {
      const { response } = await ask(link, options, 'GET', { start: offset, end: offset + length })
      try {
        const said = response.headers['content-range'] ?? ''
        if (response.statusCode !== 206 || !said.startsWith(`bytes ${offset}-`)) throw new FetchError('No ranges.')
        return await readUpTo(response, length)
      } finally {
        response.destroy()
      }
    }
    const directory = await readZipDirectory(read, sizeBytes)
    if (directory === null) return {}
    const { entryCount: entries, unpackedBytes, needsPassword } = directory
    return { entries, unpackedBytes, needsPassword }
  } catch (fault) {
    if (fault instanceof FetchError || isTimeout(fault)) return {}
    throw fault
  }
}

function ask(
  link: string,
  { gate, hosters, signal }: WebOptions,
  method: 'HEAD' | 'GET',
  range?: { start: number; end: number },
): Promise<Exchange> {
  return exchange(link, {
    gate,
    method,
    timeoutMs: linkTimeoutMs,
    signal,
    credentialsFor: (url) => hosters.credentialsFor(url),
    headers: range === undefined ? {} : { range: `bytes=${range.start}-${range.end - 1}` },
  })
}

async function wholeFile(link: string, options: WebOptions): Promise<Buffer> {
  const { response, url } = await ask(link, options, 'GET')
  try {
    if (response.statusCode !== 200) throw new FetchError(statusSentence(response.statusCode ?? 0, url.hostname))
    const bytes = await readUpTo(response, maxTorrentFileBytes + 1)
    if (bytes.length > maxTorrentFileBytes)
      throw new FetchError(`“${url.hostname}” sends more than a torrent file has.`)
    return bytes
  } finally {
    response.destroy()
  }
}

/** True for what an `AbortSignal.timeout` ended. */
export function isTimeout(fault: unknown): boolean {
  return fault instanceof Error && (fault.name === 'TimeoutError' || fault.name === 'AbortError')
}

/** What is said of a link that did not answer in time. */
export function timeoutSentence(link: string): string {
  const host = URL.canParse(link) ? new URL(link).hostname : ''
  return `“${host}” did not answer within ${linkTimeoutMs / 1000} seconds.`
}
