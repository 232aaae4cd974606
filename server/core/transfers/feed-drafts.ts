import { setImmediate as breathe } from 'node:timers/promises'
import { Parser } from 'htmlparser2'

export const maxEntries = 2000
const maxLinks = 100
/** No feed is deeper; the parser takes the longer for each element, the deeper it is. */
const maxDepth = 256
const stepCharacters = 16 * 1024

export interface DraftLink {
  url: string
  /** What the entry is about, its own page, or something beside it. */
  role: 'enclosure' | 'page' | 'related'
  /** The announced content type, or empty. */
  type: string
}

/** An entry as a feed writes it, with all that it links to. */
export interface Draft {
  /** Empty when it has none. */
  id: string
  title: string
  links: DraftLink[]
}

const feedNamespaces = new Set(['http://www.w3.org/2005/atom', 'http://purl.org/atom/ns#', 'http://purl.org/rss/1.0/'])
// Links with these lead to something else than what the entry is about.
const otherRelations =
  /^(self|edit|edit-media|replies|via|hub|next|prev|previous|first|last|license|author|search|http:\/\/schemas.*)$/

/** The entries of RSS or Atom, or null for what is neither. */
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
  /** Collects what its parent needs; null where nobody needs it. */
  text: string[] | null
  attributes: Record<string, string>
}

/** Follows the elements of a feed. Only what stands directly in an entry is its own: an image or a source has a title and a link too. */
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

  /** True when what follows is not read: there are enough entries, or it is no feed that goes so deep. */
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
    // What stands inside a title (Atom allows marks there) belongs to it.
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

/** The entries of a JSON Feed, or null for what is none. A damaged one takes no other with it. */
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

/** An address, completed by its base where it is relative. One that stands for itself stays as it is written. */
function resolve(written: string, base: string): string | null {
  const address = written.trim().replaceAll('&amp;', '&')
  if (address === '') return null
  if (/^(magnet:|[a-z]+:\/\/)\S*$/i.test(address)) return URL.canParse(address) ? address : null
  return URL.parse(address, base)?.href ?? null
}

/** A text in which a program wrote HTML, as most titles of RSS are: its entities are read, and nothing of it is a tag. */
function decodeHtml(text: string): string {
  if (!text.includes('&')) return text
  const pieces: string[] = []
  const parser = new Parser({ ontext: (piece) => pieces.push(piece) }, { decodeEntities: true })
  parser.end(text.replaceAll('<', '&lt;'))
  return pieces.join('')
}
