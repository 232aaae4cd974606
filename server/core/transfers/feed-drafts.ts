import { setImmediate as breathe } from 'node:timers/promises'
import { Parser } from 'htmlparser2'

export const maxEntries = 2000
const maxLinks = 100
/** No real feed is deeper, and the parser takes longer for each element the deeper it is. */
const maxDepth = 256
const stepCharacters = 16 * 1024

export interface DraftLink {
  url: string
  /** The entry's subject, its own page, or something related. */
  role: 'enclosure' | 'page' | 'related'
  /** The announced content type; empty when there is none. */
  type: string
}

/** An entry as the feed has it, with all its links. */
export interface Draft {
  /** Empty when it has none. */
  id: string
  title: string
  links: DraftLink[]
}

const feedNamespaces = new Set(['http://www.w3.org/2005/atom', 'http://purl.org/atom/ns#', 'http://purl.org/rss/1.0/'])
// These relations do not lead to the subject of the entry.
const otherRelations =
  /^(self|edit|edit-media|replies|via|hub|next|prev|previous|first|last|license|author|search|http:\/\/schemas.*)$/

/** The entries of RSS or Atom; null when it is neither. */
export async function readXmlFeed(xml: string, feedUrl: string): Promise<Draft[] | null> {
  const reader = new XmlReader(feedUrl)
  const parser = new Parser(
    {
      onopentag: (name, attributes) => reader.open(name, attributes),
      ontext: (piece) => reader.text(piece),
      onclosetag: () => reader.close(),
    },
    { xmlMode: true, decodeEntities: true, lowerCaseTags: true, lowerCaseAttributeNames: true },
  )
  for (let at = 0; at < xml.length && !reader.isDone; at += stepCharacters) {
    parser.write(xml.slice(at, at + stepCharacters))
    await breathe()
  }
  parser.end()
  return reader.isFeed ? reader.drafts : null
}

interface Open {
  name: string
  base: string
  /** Collects text for the parent; null where it is not needed. */
  text: string[] | null
  attributes: Record<string, string>
}

/**
 * Reads the elements of a feed. Only the direct children of an entry count: an image or a source has a title and a link
 * too.
 */
class XmlReader {
  readonly drafts: Draft[] = []
  isFeed = false
  readonly #feedUrl: string
  readonly #prefixes = new Map<string, string>()
  readonly #open: Open[] = []
  #draft: Draft | null = null
  #isAtom = false

  constructor(feedUrl: string) {
    this.#feedUrl = feedUrl
  }

  /** True when the rest can be skipped: there are enough entries, or the nesting is too deep for a feed. */
  get isDone(): boolean {
    return this.drafts.length >= maxEntries || this.#open.length > maxDepth
  }

  open(written: string, attributes: Record<string, string>): void {
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith('xmlns:')) this.#prefixes.set(key.slice(6), value.toLowerCase())
    }
    const name = this.#plainName(written)
    const parent = this.#open.at(-1)
    const outer = parent?.base ?? this.#feedUrl
    const declared = attributes['xml:base']
    const base = declared === undefined ? outer : (resolve(declared, outer) ?? outer)
    if (['rss', 'rdf:rdf', 'feed'].includes(name)) {
      this.isFeed = true
      this.#isAtom = name === 'feed'
    }
    const isOfEntry = parent?.name === 'item' || parent?.name === 'entry'
    const isWanted = isOfEntry ? ['title', 'guid', 'id', 'link'].includes(name) : false
    const isMagnet = this.#draft !== null && /(^|:)magneturi$/.test(name)
    // Markup inside a title, which Atom allows, belongs to it.
    const text = isWanted || isMagnet ? [] : (parent?.text ?? null)
    this.#open.push({ name, base, text, attributes })
    if (name === 'item' || name === 'entry') this.#draft = { id: '', title: '', links: [] }
    else if (isOfEntry || /(^|:)content$/.test(name)) this.#noteLink(name, attributes, base)
  }

  text(piece: string): void {
    this.#open.at(-1)?.text?.push(piece)
  }

  close(): void {
    const closed = this.#open.pop()
    const draft = this.#draft
    if (closed === undefined || draft === null) return
    const { name, text, base, attributes } = closed
    if (name === 'item' || name === 'entry') {
      this.drafts.push(draft)
      this.#draft = null
      return
    }
    if (text === null || text === this.#open.at(-1)?.text) return
    const value = text.join('').replace(/\s+/g, ' ').trim()
    if (name === 'title') draft.title ||= this.#isAtom && attributes.type !== 'html' ? value : decodeHtml(value)
    else if (name === 'link') this.#add(value, base, { role: 'page', type: '' })
    else if (name === 'guid' || name === 'id') {
      draft.id ||= value
      const isAddress =
        name === 'guid' && attributes.ispermalink?.toLowerCase() !== 'false' && /^https?:|^magnet:/i.test(value)
      if (isAddress) this.#add(value, base, { role: 'page', type: '' })
    } else this.#add(value, base, { role: 'enclosure', type: 'application/x-bittorrent' })
  }

  #noteLink(name: string, attributes: Record<string, string>, base: string): void {
    const { url, href, src, type = '', medium = '' } = attributes
    if (name === 'enclosure' && url !== undefined) this.#add(url, base, { role: 'enclosure', type })
    else if (name === 'media:content' && url !== undefined) {
      this.#add(url, base, { role: 'enclosure', type: type || (medium === 'image' ? 'image/*' : '') })
    } else if (name === 'content' && src !== undefined) this.#add(src, base, { role: 'enclosure', type })
    else if (name === 'link' && href !== undefined) {
      const relation = (attributes.rel ?? 'alternate')
        .toLowerCase()
        .replace('http://www.iana.org/assignments/relation/', '')
      if (otherRelations.test(relation)) return
      const role = relation === 'enclosure' ? 'enclosure' : relation === 'alternate' ? 'page' : 'related'
      this.#add(href, base, { role, type: role === 'enclosure' ? type : '' })
    }
  }

  #add(written: string, base: string, about: Pick<DraftLink, 'role' | 'type'>): void {
    const url = resolve(written, base)
    if (url !== null && this.#draft !== null && this.#draft.links.length < maxLinks)
      this.#draft.links.push({ url, ...about })
  }

  /** The name without a prefix that stands for a feed's own namespace. */
  #plainName(written: string): string {
    const colon = written.indexOf(':')
    const namespace = colon === -1 ? undefined : this.#prefixes.get(written.slice(0, colon))
    return namespace !== undefined && feedNamespaces.has(namespace) ? written.slice(colon + 1) : written
  }
}

/** The entries of a JSON Feed; null when it is not one. A damaged entry does not affect the others. */
export function readJsonFeed(json: string, feedUrl: string): Draft[] | null {
  const { version, items } = asRecord(parse(json))
  if (typeof version !== 'string' || !version.startsWith('https://jsonfeed.org/version/') || !Array.isArray(items))
    return null
  return items.slice(0, maxEntries).map((item) => {
    const { id, title, url, external_url: external, attachments } = asRecord(item)
    const attached = (Array.isArray(attachments) ? attachments.slice(0, maxLinks) : []).map(asRecord)
    const links: (DraftLink | null)[] = [
      ...attached.map((one) => toLink(one.url, feedUrl, { role: 'enclosure', type: textOf(one.mime_type) })),
      toLink(url, feedUrl, { role: 'page', type: '' }),
      toLink(external, feedUrl, { role: 'related', type: '' }),
    ]
    return { id: textOf(id), title: textOf(title), links: links.flatMap((link) => link ?? []) }
  })
}

function toLink(url: unknown, base: string, about: Pick<DraftLink, 'role' | 'type'>): DraftLink | null {
  const resolved = typeof url === 'string' ? resolve(url, base) : null
  return resolved === null ? null : { url: resolved, ...about }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return null
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? `${value}`.trim() : ''
}

/** Resolves an address against its base. An absolute one is kept as written. */
function resolve(written: string, base: string): string | null {
  const address = written.trim().replaceAll('&amp;', '&')
  if (address === '') return null
  if (/^(magnet:|[a-z]+:\/\/)\S*$/i.test(address)) return URL.canParse(address) ? address : null
  return URL.parse(address, base)?.href ?? null
}

/** Decodes the entities of a text in which a program wrote HTML, as most RSS titles are. Tags are kept as text. */
function decodeHtml(text: string): string {
  if (!text.includes('&')) return text
  const pieces: string[] = []
  const parser = new Parser({ ontext: (piece) => pieces.push(piece) }, { decodeEntities: true })
  parser.end(text.replaceAll('<', '&lt;'))
  return pieces.join('')
}
