import { Parser } from 'htmlparser2'

const schemes = /\b(?:https?|ftps?):\/\/|\bmagnet:\?/gi
/** A torrent named by its hash alone: 40 hex digits or 32 of base32, standing free. */
const bareHash = /(?<![\w/=:.-])(?:[0-9a-fA-F]{40}|[A-Z2-7]{32})(?![\w-])/g
const endsLink = /[\s<>"'`{}|\\^\p{Cc}]/u

/**
 * The links in text a person pasted and, if it came as HTML, in that: each once, in order of appearance. Finds http, https,
 * ftp and magnet links inside prose, and bare torrent hashes; brackets and full stops around a link are not part of it.
 */
export function extractLinks(text: string, html: string | null): string[] {
  const found = [...(html === null ? [] : linksInHtml(html)), ...linksInText(text)]
  const unique = new Map<string, string>()
  for (const link of found) {
    const key = identity(link)
    if (key !== null && !unique.has(key)) unique.set(key, link)
  }
  return [...unique.values()]
}

function linksInText(text: string): string[] {
  const starts: { at: number; link: string }[] = []
  for (const match of text.matchAll(schemes)) starts.push({ at: match.index, link: cut(text, match.index) })
  const covered = starts.map(({ at, link }) => [at, at + link.length] as const)
  for (const match of text.matchAll(bareHash)) {
    const isInside = covered.some(([from, to]) => match.index >= from && match.index < to)
    if (!isInside) starts.push({ at: match.index, link: `magnet:?xt=urn:btih:${match[0]}` })
  }
  return starts
    .filter(({ at }) => !covered.some(([from, to]) => at > from && at < to))
    .sort((a, b) => a.at - b.at)
    .map(({ link }) => link)
}

/** A link runs to white space or a quote; what closes the sentence around it is given back. */
function cut(text: string, start: number): string {
  let end = start
  while (end < text.length && !endsLink.test(text.charAt(end))) end += 1
  let link = text.slice(start, end)
  for (;;) {
    const last = link.at(-1) ?? ''
    const opener = { ')': '(', ']': '[' }[last]
    const isUnopened = opener !== undefined && count(link, last) > count(link, opener)
    if (!isUnopened && !/[.,;:!?…*_]/.test(last)) return link
    link = link.slice(0, -1)
  }
}

function count(text: string, char: string): number {
  return text.split(char).length - 1
}

function linksInHtml(html: string): string[] {
  const links: string[] = []
  const parser = new Parser({
    onopentag: (_name, attributes) => {
      for (const name of ['href', 'src', 'data-href']) {
        const value = attributes[name]?.trim()
        if (value !== undefined && /^(https?:\/\/|ftps?:\/\/|magnet:\?)/i.test(value)) links.push(value)
      }
    },
    ontext: (text) => links.push(...linksInText(text)),
  })
  parser.end(html)
  return links
}

/** What makes two links the same, or null for what is no link at all. */
function identity(link: string): string | null {
  const hash = /^magnet:\?.*\bxt=urn:btih:([0-9a-z]+)/i.exec(link)?.[1]
  if (hash !== undefined) return `magnet ${hash.toLowerCase()}`
  if (!URL.canParse(link)) return null
  const url = new URL(link)
  if (url.protocol !== 'magnet:' && (url.hostname === '' || link.length > 8192)) return null
  url.hash = ''
  return url.href
}
