import { hash } from 'node:crypto'
import type { Torrent as Swarm, Wire } from 'webtorrent'
import { hasMetadata, keepMetadata } from './webtorrent-internals.ts'

/**
 * Exchanges the metadata of a torrent with a peer. What arrives is compared with the info hash before anything reads it; `onLie`
 * is called when it does not match. Source: BEP 9.
 */
export function exchangeMetadata(
  wire: Wire,
  options: { swarm: Swarm; known: () => Uint8Array | null; onMetadata: (bytes: Uint8Array) => void; onLie: () => void },
): void {
  const extension = wire.ut_metadata
  const keep = (bytes: Uint8Array) => {
    extension.cancel()
    keepMetadata(extension, bytes)
    wire.extendedHandshake.metadata_size = bytes.length
  }
  const known = options.known()
  if (known !== null) keep(known)
  extension.setMetadata = async (bytes) => {
    if (hasMetadata(extension)) return true
    // Once ready, webtorrent passes its own placeholder to existing connections; the real metadata is known by then.
    if (bytes === options.swarm.metadata) {
      const real = options.known()
      if (real !== null) keep(real)
      return true
    }
    if (hash('sha1', bytes) !== options.swarm.infoHash) {
      options.onLie()
      return false
    }
    keep(bytes)
    options.onMetadata(bytes)
    return true
  }
}
