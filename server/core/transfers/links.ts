import { isMagnet, magnetName } from '../../../engine/text/magnet-link.ts'
import { nameForLink, plainNameForLink, safeName } from '../../../engine/text/names.ts'
import { groupParts } from '../../archive/parts.ts'
import { readMagnet } from '../../torrent/magnet.ts'
import { readTorrent } from '../../torrent/torrent-file.ts'
import { TorrentError } from '../../torrent/types.ts'

/** How many names may be guessed at once; of more links only the answers tell the name. */
const maxGuesses = 32

/** What a link is, as far as its text tells. */
export type LinkKind = 'http' | 'ftp' | 'magnet' | 'torrent-file' | 'unknown'

export function linkKind(link: string): LinkKind {
  if (isMagnet(link)) return 'magnet'
  if (/^data:application\/x-bittorrent;base64,/i.test(link)) return 'torrent-file'
  // As almost all are written: then whatever can be parsed has a host, and the parts need not be made.
  if (/^(?:https?|ftp):\/\//.test(link))
    return URL.canParse(link) ? (link.startsWith('http') ? 'http' : 'ftp') : 'unknown'
  const { protocol, hostname } = URL.parse(link) ?? { protocol: '', hostname: '' }
  if (hostname === '') return 'unknown'
  if (protocol === 'ftp:' || protocol === 'ftps:') return 'ftp'
  return protocol === 'http:' || protocol === 'https:' ? 'http' : 'unknown'
}

/** The bytes of a torrent file that was handed over whole, as a `data:` link. */
export function torrentBytes(link: string): Uint8Array {
  return Buffer.from(link.slice(link.indexOf(',') + 1), 'base64')
}

/** True for a link that promises a torrent by its name. Others can turn out to be one. */
export function namesTorrent(link: string): boolean {
  return /\.torrent$/i.test(plainNameForLink(link))
}

/** Why a link cannot be fetched by anyone, or null when it can be tried. */
export function unfetchableReason(link: string): string | null {
  const kind = linkKind(link)
  if (kind === 'unknown') return `“${link.slice(0, 100)}” is not a link that can be fetched.`
  try {
    if (kind === 'magnet') readMagnet(link)
    if (kind === 'torrent-file') readTorrent(torrentBytes(link))
    return null
  } catch (error) {
    if (error instanceof TorrentError) return error.message
    throw error
  }
}

/** Links that are fetched together: one, or the parts of one archive in their order. */
export interface LinkGroup {
  name: string
  links: string[]
  /** Names of parts that belong to them and are not there. */
  missing: string[]
  isMultipart: boolean
}

/** Puts the parts of an archive together, each group at the place of its first link. Source: API v1 §8. */
export function groupLinks(links: readonly string[]): LinkGroup[] {
  const kinds = links.map(linkKind)
  const isFile = (index: number) => kinds[index] === 'http' || kinds[index] === 'ftp'
  const nameOf = links.length > maxGuesses ? plainNameForLink : nameForLink
  const names = links.map((link, index) => (isFile(index) ? nameOf(link) : ''))
  // Parts of one archive are in one folder of one host. What cannot have parts stands for itself.
  const placeOf = (index: number) => (isFile(index) ? folderOf(links[index] ?? '') : 'elsewhere')
  const { groups: sets, rest } = groupParts(names, placeOf)
  const parts = sets.map(({ name, partIndexes, missing }) => ({
    name: safeName(name),
    links: partIndexes.flatMap((index) => links[index] ?? []),
    missing,
    isMultipart: true,
  }))
  const single = rest.map((index) => {
    const link = links[index] ?? ''
    return { name: names[index] || firstName(link), links: [link], missing: [], isMultipart: false }
  })
  const groups = [...parts, ...single]
  const places = new Map(links.map((link, index): [string, number] => [link, index]).reverse())
  const placeIn = ({ links: [first = ''] }: LinkGroup) => places.get(first) ?? 0
  return groups.sort((a, b) => placeIn(a) - placeIn(b))
}

/** A link up to the last slash of its path. */
function folderOf(link: string): string {
  const { origin, pathname } = new URL(link)
  return `${origin}${pathname.slice(0, pathname.lastIndexOf('/'))}`
}

/** A name until the answer tells a better one. */
function firstName(link: string): string {
  const kind = linkKind(link)
  if (kind === 'torrent-file') return nameOfTorrent(torrentBytes(link))
  if (kind !== 'magnet') return nameForLink(link)
  return nameOfMagnet(link)
}

function nameOfTorrent(bytes: Uint8Array): string {
  try {
    return safeName(readTorrent(bytes).info.name)
  } catch (error) {
    if (error instanceof TorrentError) return 'torrent file'
    throw error
  }
}

/** The name that a magnet link tells, or a word for it. */
export function nameOfMagnet(link: string): string {
  const name = magnetName(link)
  return name === null ? 'magnet link' : safeName(name)
}
