import type { Torrent as Swarm, Wire } from 'webtorrent'
import type { Gate } from '../../engine/net/gate.ts'
import { exchangeMetadata } from './metadata.ts'
import { admitPeers, giveMetadata, leaveDht, onInterest, peersOf } from './webtorrent-internals.ts'
import { addressOf } from './wire-guard.ts'

const maxKnownPeers = 2000

interface SwarmOptions {
  gate: Pick<Gate, 'admit'>
  /** The metadata for peers that ask, or null while it is unknown. */
  infoBytes: () => Uint8Array | null
  onUploaded: (bytes: number) => void
}

interface Joined {
  /** The address that a wire is blamed by. */
  addressOf: (wire: Wire) => string
  /** Closes all connections with an address and accepts no new ones. */
  ban: (address: string) => void
  /** Disables the peer discovery that a private torrent forbids. Source: BEP 27. */
  keepPrivate: () => void
  /** Asks the trackers and the DHT for peers now. */
  announce: () => void
}

/** Sets the rules of a swarm: which peers are accepted, which metadata is trusted, and which uploads are counted. */
export function joinSwarm(swarm: Swarm, { gate, infoBytes, onUploaded }: SwarmOptions): Joined {
  const banned = new Set<string>()
  const nameOf = (wire: Wire) => addressOf(wire, swarm.destroyed ? [] : peersOf(swarm).values())
  const ban = (address: string) => {
    banned.add(address)
    if (swarm.destroyed) return
    for (const peer of [...peersOf(swarm).values()]) {
      const isTheirs =
        peer.id === address || (peer.wire && nameOf(peer.wire) === address) || hostOf(peer.id) === address
      if (isTheirs) swarm.removePeer(peer)
    }
  }
  admitPeers(swarm, (peer) => {
    const isWelcome = !banned.has(hostOf(peer)) && peersOf(swarm).size < maxKnownPeers
    return isWelcome && isAdmitted(gate, peer)
  })
  // A complete torrent needs nothing, and checking every piece of every peer gets slow in large torrents.
  onInterest(swarm, () => !swarm.done)
  swarm.on('wire', (wire: Wire) => {
    if (banned.has(nameOf(wire))) {
      wire.destroy()
      return
    }
    const onMetadata = (bytes: Uint8Array) => void giveMetadata(swarm, bytes)
    exchangeMetadata(wire, { swarm, known: infoBytes, onMetadata, onLie: () => ban(nameOf(wire)) })
    wire.on('upload', onUploaded)
  })
  const keepPrivate = () => {
    const { discovery } = swarm
    if (discovery) leaveDht(discovery)
    for (const { ut_pex: exchange } of swarm.wires) {
      exchange?.removeAllListeners()
      exchange?.reset()
    }
  }
  const announce = () => {
    // Before it has a discovery, it is about to ask anyway.
    if (swarm.destroyed || !swarm.discovery) return
    swarm.discovery.tracker?.update()
    swarm.discovery.dht?.lookup(swarm.infoHash)
  }
  return { addressOf: nameOf, ban, keepPrivate, announce }
}

function hostOf(peer: string): string {
  return peer.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
}

/** Addresses are checked here already, so that no socket is created for them; names are checked when they are resolved. */
function isAdmitted(gate: SwarmOptions['gate'], peer: string): boolean {
  const [host, port] = [hostOf(peer), Number(/:(\d+)$/.exec(peer)?.[1])]
  if (!/^[\d.]+$|:/.test(host)) return true
  try {
    gate.admit({ address: host, port })
    return true
  } catch {
    return false
  }
}
