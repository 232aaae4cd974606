import { plainNameForLink } from '../../../engine/text/names.ts'
import { Refusal } from '../errors/refusal.ts'
import { promisesMedia } from '../space/kinds.ts'
import { type Draft, type DraftLink, maxEntries, readJsonFeed, readXmlFeed } from './feed-drafts.ts'
import { linkKind, namesTorrent } from './links.ts'

/** A feed entry with a link that can be fetched. */
export interface FeedEntry {
  /** Identifies it among the entries of its feed, even when its title changes. */
  id: string
  /** Its id under the opposite condition: when another entry of the feed has the same one, or when none has. */
  otherId: string
  title: string
  link: string
}

/**
 * Reads RSS 0.9 to 2.0, Atom and JSON Feed, in steps between which other work can run. Relative links are resolved
 * against `xml:base`, or else the feed's own address. Nothing outside the text is read, and entities that it defines
 * are ignored, so that none can expand. Entries without a usable link are left out. Rejects with a `Refusal` when it is
 * not a feed. Source: RSS 2.0 specification; RFC 4287; jsonfeed.org/version/1.1.
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

/** Many feeds give all entries the same id: then the title becomes part of it. */
function toEntry({ id, title, links }: Draft, shared: Set<string>): FeedEntry[] {
  const link = bestLink(links)
  if (link === null) return []
  if (id === '') return [{ id: link, otherId: link, title, link }]
  const [own, withTitle] = [id, `${id}\n${title}`]
  return [shared.has(id) ? { id: withTitle, otherId: own, title, link } : { id: own, otherId: withTitle, title, link }]
}

/**
 * The best link of an entry: first enclosures that are not pictures or pages; then torrents; then other files by their
 * names; then enclosed pictures and pages; then the entry's own page; then related links. Among equals, the first.
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

/**
 * True when a title contains one of the wanted words, or there are none, and none of the unwanted ones. Source: API v1
 * §10.
 */
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
