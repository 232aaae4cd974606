import { decodeAscii } from './as-link.ts'
import { type Place, readBody } from './link-end.ts'
import { infoHashOf, magnetParameters, magnetText, plainMagnet } from './magnet-link.ts'
import { joinSoftBreaks, tableMark } from './wrapped-lines.ts'

/** Longer links are ignored: nothing that fetches accepts them. */
export const maxLinkLength = 8192

/** A magnet may be written longer: optional parts are then left out. */
const maxWrittenLength = 64 * 1024

/** How long one step of a search may take, in milliseconds, before it yields. */
const stepMs = 10

/** After how many characters a search looks at the time. */
const pieceLength = 16 * 1024

const linkStart = new RegExp(
  [
    '(?:h(?:tt|xx)ps?|ftps?):(?:\\\\?\\/){2}', // also as JSON writes it: http:\/\/
    'magnet:(?:\\?|%3f)',
    '(?:https?|ftps?)%3a%2f%2f|magnet%3a%3f', // the value of a parameter
    '(?<![\\w/.:@=%-])www\\d{0,3}\\.(?=[\\w-])',
    '(?<=\\b(?:href|src)[ ]?=[ ]?["\']?)\\/\\/(?=\\w)', // takes the scheme of its page
    '(?<![\\w/=:.-])(?:[0-9a-f]{40}|[a-z2-7]{32})(?![\\w%-]|:[/?\\\\])', // the hash of a torrent by itself
  ].join('|'),
  'gi',
)

/** Zero-width and direction marks. The joiners between letters of some scripts are not among them. */
const invisible = /[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]+/g

interface Start {
  at: number
  /** Where its prefix ends, and the link's own text begins. */
  bodyAt: number
  mark: string
  /** True for the end of another scheme, such as sftp. */
  isPartOfWord: boolean
  /** True when it ends the link that surrounds it. */
  splits: boolean
}

/**
 * The links in any text, each once, in order of appearance: http, https, ftp and ftps, magnets, `www.` without a scheme, and bare
 * torrent hashes. The text may be prose in any script, Markdown, BBCode, JSON, HTML source, a table or a mail: what surrounds a
 * link is not part of it. Runs in linear time.
 */
export function linksInText(text: string): string[] {
  const links: string[] = []
  for (const found of search(text)) for (const link of found) links.push(link)
  return links
}

/** Like `linksInText`, in steps of a few milliseconds that yield to others. */
export async function linksInTextBySteps(text: string): Promise<string[]> {
  const links: string[] = []
  let startedAt = performance.now()
  for (const found of search(text)) {
    for (const link of found) links.push(link)
    if (performance.now() - startedAt < stepMs) continue
    await new Promise((resolve) => setImmediate(resolve))
    startedAt = performance.now()
  }
  return links
}

/** What makes two links the same: the info hash of a torrent, or the address without its fragment. Null when it is not a link. */
export function identityOf(link: string): string | null {
  if (link.length > maxLinkLength) return null
  if (link.startsWith('magnet:')) {
    const plain = /^magnet:\?xt=urn:btih:([0-9a-f]{40})(?:&|$)/.exec(link)?.[1]
    if (plain !== undefined && !link.includes('&xt')) return `magnet ${plain}`
    const topics = magnetParameters(link).flatMap(([key, value]) =>
      /^xt(\.\d+)?$/.test(key) ? [magnetText(value)] : [],
    )
    const hash = topics.map(infoHashOf).find((found) => found !== null)
    return hash === undefined ? (topics.some((topic) => topic !== '') ? link : null) : `magnet ${hash}`
  }
  if (!URL.canParse(link)) return null
  const fragment = link.indexOf('#')
  return fragment === -1 ? link : link.slice(0, fragment)
}

/** Yields the new links of one piece of text after another, so that the caller can pause in between. */
function* search(written: string): Generator<string[]> {
  const text = joinSoftBreaks(written.replace(invisible, ''))
  const mark = tableMark(text)
  const seen = new Set<string>()
  let links: string[] = []
  let pieceEnd = pieceLength
  let before = 0
  for (const { starts, limit } of findGroups(text)) {
    for (const start of starts) {
      if (start.at < before || (start.isPartOfWord && start.at !== before)) continue
      const { link, end } = readLink(text, start, { limit, before, tableMark: mark })
      before = end
      const identity = link === null || seen.has(link) ? null : identityOf(link)
      const known = seen.size
      if (link !== null && identity !== null && seen.add(identity).size > known) links.push(link)
      if (end < pieceEnd) continue
      yield links
      links = []
      pieceEnd = end + pieceLength
    }
  }
  yield links
}

/** Starts that may be inside one link, and the last position at which a link from any of them can end. */
interface Group {
  starts: Start[]
  limit: number
}

function* findGroups(text: string): Generator<Group> {
  let starts: Start[] = []
  let end = -1
  for (const match of text.matchAll(linkStart)) {
    const start = toStart(text, match, end)
    if (start === null) continue
    end = start.bodyAt
    if (start.splits && starts.length > 0) {
      yield { starts, limit: start.at }
      starts = []
    }
    starts.push(start)
  }
  yield { starts, limit: text.length }
}

/** `before` is the end of the start before this one. */
function toStart(text: string, { 0: whole, index: at }: RegExpExecArray, before: number): Start | null {
  // Lower-case Base32 may be any word.
  if (whole.length === 32 && /[a-z]/.test(whole)) return null
  const mark = (whole.includes('\\') ? whole.replaceAll('\\', '') : whole).toLowerCase()
  const last = text.charAt(at - 1) || ' '
  const isPartOfWord = mark.startsWith('ftp') && 'sStT'.includes(last)
  return { at, bodyAt: at + whole.length, mark, isPartOfWord, splits: splits(mark, last) || at === before }
}

/** True when the surrounding link ends here. An address after a slash, or as a value, is part of that link. */
function splits(mark: string, last: string): boolean {
  if (mark === 'magnet:?') return !'=%'.includes(last)
  if (mark.startsWith('www')) return ',;'.includes(last)
  return mark.endsWith('://') && !'/=?&#:%@+~'.includes(last)
}

function readLink(
  text: string,
  { at, bodyAt, mark }: Start,
  { limit, before, tableMark }: Pick<Place, 'limit' | 'before' | 'tableMark'>,
): { link: string | null; end: number } {
  if (mark.length >= 32) return { link: `magnet:?xt=urn:btih:${text.slice(at, bodyAt)}`, end: bodyAt }
  if (bodyAt >= limit) return { link: null, end: bodyAt }
  const isValue = mark.includes('%3a')
  const { body, end } = readBody(text, { at, bodyAt, isValue, limit, before, tableMark })
  const isAsWritten = !isValue && text.startsWith(mark, at) && text.startsWith(body, bodyAt)
  const whole = isAsWritten ? text.slice(at, bodyAt + body.length) : `${mark}${body}`
  return { link: body === '' ? null : toLink({ mark, body, whole, isValue }), end: Math.max(end, bodyAt) }
}

/** A link's prefix and what follows it, separately and joined. */
interface Written {
  mark: string
  body: string
  whole: string
  isValue: boolean
}

/** The complete link; null where it has no host or topic. */
function toLink({ mark, body, whole, isValue }: Written): string | null {
  if (body.length > maxWrittenLength) return null
  const plain = isValue ? decodePercent(body) : body
  if (mark === 'magnet:?') return plainMagnet(whole, maxLinkLength)
  if (mark.startsWith('magnet')) return plainMagnet(`magnet:?${plain}`, maxLinkLength)
  if (!/^[^!-,./:;=?@\\\]^`{|}~]/.test(plain)) return null
  if (/^(?:http|ftp)s?:\/\/$/.test(mark)) return whole
  if (mark.startsWith('www')) {
    const link = `http://${whole}`
    return /^http:\/\/www\d*\.[^./?#]+\.[^./?#]/.test(link) ? link : null
  }
  const scheme = mark === '//' ? 'https:' : mark.replace(/%3a/, ':').replace(/%2f/g, '').replace('//', '')
  if (!scheme.startsWith('hxx')) return `${scheme}//${plain}`
  return `${scheme.replace('hxx', 'htt')}//${plain.replace(/[[(](?:\.|dot)[\])]/gi, '.')}`
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // Not all of it is UTF-8: those bytes stay as written.
    return decodeAscii(text)
  }
}
