import { infoHashOf, isMagnet, magnetName, magnetParameters, magnetText } from '../../engine/text/magnet-link.ts'
import { validTrackers, validWebSeeds } from './torrent-file.ts'
import { TorrentError } from './types.ts'

const maxLength = 64 * 1024
const maxPeers = 100

/** The content of a magnet link. None of it can be trusted except the info hash, which everything is checked against. */
export interface Magnet {
  infoHash: string
  name: string | null
  trackers: string[]
  webSeeds: string[]
  /** Addresses of peers, as `host:port`. */
  peers: string[]
}

/**
 * Reads a magnet link, whatever the spelling of its keys, blanks and percent signs. Throws a `TorrentError` when it names no
 * torrent that can be fetched. Source: BEP 9, BEP 53.
 */
export function readMagnet(link: string): Magnet {
  if (link.length > maxLength || !isMagnet(link)) throw new TorrentError('This is not a magnet link.')
  const parameters = magnetParameters(link)
  const all = (name: string) =>
    parameters.flatMap(([key, value]) => (key === name || key.startsWith(`${name}.`) ? [magnetText(value)] : []))
  const topics = all('xt').flatMap((topic) => [topic, magnetText(topic)])
  const infoHash = topics.map(infoHashOf).find((hash) => hash !== null)
  if (infoHash === undefined) {
    const isSecondVersion = topics.some((topic) => /^\s*urn:btmh:/i.test(topic))
    throw new TorrentError(
      isSecondVersion
        ? 'This magnet link is of the second version only, which cannot be fetched yet.'
        : 'This magnet link names no torrent.',
    )
  }
  return {
    infoHash: infoHash ?? '',
    name: magnetName(link),
    trackers: validTrackers(all('tr')),
    webSeeds: validWebSeeds(all('ws')),
    peers: all('x.pe')
      .map((peer) => peer.trim())
      .filter((peer) => /^[^\s/]+:\d{1,5}$/.test(peer))
      .slice(0, maxPeers),
  }
}
