import { infoHashOf, magnetParameters } from '../../engine/magnet-link.ts'
import { soundTrackers, soundWebSeeds } from './torrent-file.ts'
import { TorrentError } from './types.ts'

const maxLength = 64 * 1024
const maxPeers = 100

/** What a magnet link says. None of it can be trusted but the info hash, which everything is checked against. */
export interface Magnet {
  infoHash: string
  name: string | null
  trackers: string[]
  webSeeds: string[]
  /** Addresses of people who share it, as `host:port`. */
  peers: string[]
}

/** Reads a magnet link. Throws a `TorrentError` when it names no torrent that can be fetched. Source: BEP 9, BEP 53. */
export function readMagnet(link: string): Magnet {
  if (link.length > maxLength || !/^magnet:\?/i.test(link)) throw new TorrentError('This is not a magnet link.')
  const parameters = magnetParameters(link)
  const all = (name: string) =>
    parameters.flatMap(([key, value]) => (key.replace(/\.\d+$/, '') === name ? [value] : []))
  const topics = all('xt')
  const infoHash = topics.map(infoHashOf).find((hash) => hash !== null)
  if (infoHash === undefined) {
    const isSecondVersion = topics.some((topic) => /^urn:btmh:/i.test(topic))
    throw new TorrentError(
      isSecondVersion
        ? 'This magnet link is of the second version only, which cannot be fetched yet.'
        : 'This magnet link names no torrent.',
    )
  }
  return {
    infoHash: infoHash ?? '',
    name: all('dn')[0] ?? null,
    trackers: soundTrackers(all('tr')),
    webSeeds: soundWebSeeds(all('ws')),
    peers: all('x.pe')
      .filter((peer) => /^[^\s/]+:\d{1,5}$/.test(peer))
      .slice(0, maxPeers),
  }
}
