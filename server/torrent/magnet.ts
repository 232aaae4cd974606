import { soundTrackers, soundWebSeeds } from './torrent-file.ts'
import { TorrentError } from './types.ts'

const maxLength = 64 * 1024
const maxPeers = 100
const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

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
  const parameters = new URLSearchParams(link.slice(link.indexOf('?') + 1))
  const all = (name: string) =>
    [...parameters]
      .filter(([key]) => key === name || new RegExp(`^${name}\\.\\d+$`).test(key))
      .map(([, value]) => value)
  const topics = all('xt')
  const infoHash = topics.map(hashOf).find((hash) => hash !== null)
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
    name: parameters.get('dn'),
    trackers: soundTrackers(all('tr')),
    webSeeds: soundWebSeeds(all('ws')),
    peers: parameters
      .getAll('x.pe')
      .filter((peer) => /^[^\s/]+:\d{1,5}$/.test(peer))
      .slice(0, maxPeers),
  }
}

function hashOf(topic: string): string | null {
  const hash = /^urn:btih:([0-9a-z]+)$/i.exec(topic)?.[1]?.toUpperCase() ?? ''
  if (/^[0-9A-F]{40}$/.test(hash)) return hash.toLowerCase()
  if (!/^[A-Z2-7]{32}$/.test(hash)) return null
  const bits = [...hash].reduce((value, digit) => value * 32n + BigInt(base32.indexOf(digit)), 0n)
  return bits.toString(16).padStart(40, '0')
}
