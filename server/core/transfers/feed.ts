import { plainNameForLink } from '../../../engine/text/names.ts'
import { Refusal } from '../errors/refusal.ts'
import { promisesMedia } from '../space/kinds.ts'
import { type Draft, type DraftLink, maxEntries, readJsonFeed, readXmlFeed } from './feed-drafts.ts'
import { linkKind, namesTorrent } from './links.ts'

/** One entry of a feed that leads to something. */
export interface FeedEntry {
  /** Tells it from every other entry of its feed, also when its title changes. */
  id: string
  /** What its id is while another entry of the feed has the same, or while none has. */
  otherId: string
  title: string
  link: string
}

/**
 * Reads RSS 0.9 to 2.0, Atom and JSON Feed, in steps between which others work. Relative links are completed by `xml:base`, else by
 * the feed's own address. Nothing outside the text is ever read, and no entity of its own is known, so that none can grow. Entries
 * that lead nowhere are left out. Rejects with a `Refusal` for what is no feed.
 * Source: RSS 2.0 specification; RFC 4287; jsonfeed.org/version/1.1.
 */
export async function readFeed(text: string, url: string): Promise<FeedEntry[]> {
  const drafts = /^\s*\{/.test(text) ? readJsonFeed(text, url) : await readXmlFeed(text, url)
  if (drafts === null) throw new Refusal('This address gives no feed: neither RSS, Atom nor JSON Feed.')
  const titles = new Map<string, string>()
  const shared = new Set<string>()
  for (const { id, title } of drafts) {
    if ((titles.get(id) ?? title) !== title) shared.add(id)
    titles.set(id, title)
  }
  return drafts.slice(0, maxEntries).flatMap((draft) => toEntry(draft, shared))
}

/** Programs that write the same id for all entries are not rare: then the title is part of it. */
function toEntry({ id, title, links }: Draft, shared: Set<string>): FeedEntry[] {
  const link = bestLink(links)
  if (link === null) return []
  if (id === '') return [{ id: link, otherId: link, title, link }]
  const [own, withTitle] = [id, `${id}\n${title}`]
  return [shared.has(id) ? { id: withTitle, otherId: own, title, link } : { id: own, otherId: withTitle, title, link }]
}

/**
 * What an entry encloses comes first, save pictures and pages; then what is or names a torrent, then what else is a file by its name,
 * then pictures and pages that it encloses, then its own page, then what is only related. Of equals the first.
 */
function bestLink(links: DraftLink[]): string | null {
  let best: { url: string; rank: number } | null = null
  for (const link of links) {
    const kind = linkKind(link.url)
    if (kind === 'unknown' || kind === 'torrent-file') continue
    const rank = rankOf(link, kind === 'magnet')
    if (best === null || rank < best.rank) best = { url: link.url, rank }
  }
  return best?.url ?? null
}

function rankOf({ url, role, type }: DraftLink, isMagnet: boolean): number {
  const name = isMagnet ? '' : plainNameForLink(url)
  const isExtra =
    /^(image|text)\b/i.test(type) || (type === '' && /\.(jpe?g|png|gif|webp|avif|svg|html?|txt)$/i.test(name))
  if (role === 'enclosure' && !isExtra) return 0
  if (isMagnet || namesTorrent(url) || /bittorrent/i.test(type)) return 1
  if (!isExtra && promisesMedia(name)) return 2
  if (role === 'enclosure') return 3
  return role === 'page' ? 4 : 5
}

/** True when a title holds one of the words to have, or there are none, and none of those to leave. Source: API v1 §10. */
export function matchesFilters(
  title: string,
  { doFilters, dontFilters }: { doFilters: string; dontFilters: string },
): boolean {
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
