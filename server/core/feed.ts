import { Parser } from 'htmlparser2'
import { linkKind, namesTorrent } from './links.ts'
import { Refusal } from './refusal.ts'

const maxEntries = 2000

/** One entry of a feed that leads to something. */
export interface FeedEntry {
  /** Tells it from every other entry of its feed, also when its title changes. */
  id: string
  title: string
  link: string
}

interface Draft {
  id: string
  title: string
  links: { url: string; isEnclosure: boolean }[]
}

/**
 * Reads RSS 0.9 to 2.0 and Atom. Nothing outside the text is ever read, and no entity but XML's own is known, so that none can grow.
 * Throws a `Refusal` for what is no feed. Source: RSS 2.0 specification; RFC 4287.
 */
export function readFeed(xml: string): FeedEntry[] {
  const drafts: Draft[] = []
  let isFeed = false
  let draft: Draft | null = null
  let text: string[] | null = null
  const parser = new Parser(
    {
      onopentag: (name, attributes) => {
        if (['rss', 'rdf:rdf', 'feed'].includes(name)) isFeed = true
        if (name === 'item' || name === 'entry') draft = { id: '', title: '', links: [] }
        else if (draft !== null) {
          if (name === 'enclosure' && attributes.url) draft.links.push({ url: attributes.url, isEnclosure: true })
          if (name === 'link' && attributes.href) {
            draft.links.push({ url: attributes.href, isEnclosure: attributes.rel === 'enclosure' })
          }
          if (['title', 'guid', 'id', 'link'].includes(name)) text = []
        }
      },
      ontext: (piece) => text?.push(piece),
      onclosetag: (name) => {
        const value = text?.join('').trim() ?? ''
        text = null
        if (draft === null) return
        if (name === 'title') draft.title ||= value
        if (name === 'guid' || name === 'id') draft.id ||= value
        if (name === 'link' && value !== '') draft.links.push({ url: value, isEnclosure: false })
        if (name === 'item' || name === 'entry') {
          if (drafts.length < maxEntries) drafts.push(draft)
          draft = null
        }
      },
    },
    { xmlMode: true, decodeEntities: true, lowerCaseTags: true },
  )
  parser.end(xml)
  if (!isFeed) throw new Refusal('This address gives no feed: neither RSS nor Atom.')
  return drafts.flatMap(toEntry)
}

/** What an entry encloses comes first, then what names a torrent, then its own link. */
function toEntry({ id, title, links }: Draft): FeedEntry[] {
  const usable = links.filter(({ url }) => linkKind(url) !== 'unknown' && linkKind(url) !== 'torrent-file')
  const best =
    usable.find(({ isEnclosure }) => isEnclosure) ??
    usable.find(({ url }) => linkKind(url) === 'magnet' || namesTorrent(url)) ??
    usable[0]
  return best === undefined ? [] : [{ id: id || best.url, title, link: best.url }]
}

/** True when a title holds one of the words to have, or there are none, and none of those to leave. Source: API v1 §10. */
export function fits(title: string, { doFilters, dontFilters }: { doFilters: string; dontFilters: string }): boolean {
  const plain = title.toLowerCase()
  const holds = (words: string[]) => words.some((word) => plain.includes(word))
  const [wanted, unwanted] = [wordsOf(doFilters), wordsOf(dontFilters)]
  return (wanted.length === 0 || holds(wanted)) && !holds(unwanted)
}

function wordsOf(filters: string): string[] {
  return filters
    .toLowerCase()
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
}
