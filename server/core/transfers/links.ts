import { isMagnet, magnetName } from '../../../engine/text/magnet-link.ts'
import { nameForLink, plainNameForLink, safeName } from '../../../engine/text/names.ts'
import { groupParts } from '../../archive/parts.ts'
import { readMagnet } from '../../torrent/magnet.ts'
import { readTorrent } from '../../torrent/torrent-file.ts'
import { TorrentError } from '../../torrent/types.ts'

/** Above this number of links, names are not guessed: only the responses give them. */
const maxGuesses = 32

/** The kind of a link, by its text alone. */
export type LinkKind = 'http' | 'ftp' | 'magnet' | 'torrent-file' | 'unknown'

export function linkKind(link: string): LinkKind {
  if (isMagnet(link)) return 'magnet'
  if (/^data:application\/x-bittorrent;base64,/i.test(link)) return 'torrent-file'
  // The common case: such a URL always has a host if it parses, so its parts are not needed.
  if (/^(?:https?|ftp):\/\//.test(link))
    return URL.canParse(link) ? (link.startsWith('http') ? 'http' : 'ftp') : 'unknown'
  const { protocol, hostname } = URL.parse(link) ?? { protocol: '', hostname: '' }
  if (hostname === '') return 'unknown'
  if (protocol === 'ftp:' || protocol === 'ftps:') return 'ftp'
  return protocol === 'http:' || protocol === 'https:' ? 'http' : 'unknown'
}

/** Begins the link that stands for a torrent file. */
export const torrentLinkStart = 'data:application/x-bittorrent;base64,'

/** The bytes of a torrent file that came as a `data:` link. */
export function torrentBytes(link: string): Uint8Array {
  return Buffer.from(link.slice(link.indexOf(',') + 1), 'base64')
}

/** True for a link whose name promises a torrent. Others can still turn out to be one. */
export function namesTorrent(link: string): boolean {
  return /\.torrent$/i.test(plainNameForLink(link))
}

/** Why a link can never be fetched, or null when it can be tried. */
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

/** Links that are fetched together: one, or the ordered parts of one archive. */
export interface LinkGroup {
  name: string
  links: string[]
  /** The names of missing parts. */
  missing: string[]
  isMultipart: boolean
}

/** Groups the parts of each archive, each group at the position of its first link. Source: API v1 §8. */
export function groupLinks(links: readonly string[]): LinkGroup[] {
  const kinds = links.map(linkKind)
  const isFile = (index: number) => kinds[index] === 'http' || kinds[index] === 'ftp'
  const nameOf = links.length > maxGuesses ? plainNameForLink : nameForLink
  const names = links.map((link, index) => (isFile(index) ? nameOf(link) : ''))
  // The parts of an archive are in one folder of one host. A link that cannot be a part stays alone.
  const folderAt = (index: number) => (isFile(index) ? folderOf(links[index] ?? '') : 'elsewhere')
  const { groups: sets, rest } = groupParts(names, folderAt)
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
  const positions = new Map(links.map((link, index): [string, number] => [link, index]).reverse())
  const positionOf = ({ links: [first = ''] }: LinkGroup) => positions.get(first) ?? 0
  return groups.sort((a, b) => positionOf(a) - positionOf(b))
}

/** A link up to the last slash of its path. */
function folderOf(link: string): string {
  const { origin, pathname } = new URL(link)
  return `${origin}${pathname.slice(0, pathname.lastIndexOf('/'))}`
}

/** A name to use until the response gives a better one. */
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

/** The size of the content of a torrent file that came as a `data:` link; null if the file is invalid. */
export function torrentSize(link: string): number | null {
  try {
    return readTorrent(torrentBytes(link)).info.sizeBytes
  } catch (error) {
    if (error instanceof TorrentError) return null
    throw error
  }
}

/** The name in a magnet link, or a placeholder. */
export function nameOfMagnet(link: string): string {
  const name = magnetName(link)
  return name === null ? 'magnet link' : safeName(name)
}
