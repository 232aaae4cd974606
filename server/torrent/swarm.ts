import type { Torrent as Swarm, Wire } from 'webtorrent'
import type { Gate } from '../../engine/net/gate.ts'
import { exchangeMetadata } from './metadata.ts'
import { addressOf } from './wire-guard.ts'

const maxKnownPeers = 2000

interface SwarmOptions {
  gate: Pick<Gate, 'admit'>
  /** The description to give to those who ask, or null while it is not known. */
  infoBytes: () => Uint8Array | null
  onUploaded: (bytes: number) => void
}

interface Joined {
  /** What a wire is blamed by. */
  addressOf: (wire: Wire) => string
  /** Ends all connections with an address and takes none any more. */
  ban: (address: string) => void
  /** Ends the ways of finding others that a private torrent forbids. Source: BEP 27. */
  keepPrivate: () => void
}

/** Sets a swarm's manners: who is let in, what is believed, and what is counted. */
export function joinSwarm(swarm: Swarm, { gate, infoBytes, onUploaded }: SwarmOptions): Joined {
  const banned = new Set<string>()
  const nameOf = (wire: Wire) => addressOf(wire, swarm.destroyed ? [] : swarm._peers.values())
  const ban = (address: string) => {
    banned.add(address)
    if (swarm.destroyed) return
    for (const peer of [...swarm._peers.values()]) {
      const isTheirs =
        peer.id === address || (peer.wire && nameOf(peer.wire) === address) || hostOf(peer.id) === address
      if (isTheirs) swarm.removePeer(peer)
    }
  }
  const { addPeer, _updateWireInterest } = swarm
  swarm.addPeer = (peer, source) => {
    const host = hostOf(peer)
    if (swarm.destroyed || banned.has(host) || swarm._peers.size >= maxKnownPeers || !isAdmitted(gate, peer))
      return false
    return addPeer.call(swarm, peer, source)
  }
  // Who has everything wants nothing: asking each piece of each peer again would take ever longer in large torrents.
  swarm._updateWireInterest = (wire) => {
    if (swarm.done) wire.uninterested()
    else _updateWireInterest.call(swarm, wire)
  }
  swarm.on('wire', (wire: Wire) => {
    if (banned.has(nameOf(wire))) {
      wire.destroy()
      return
    }
    const onMetadata = (bytes: Uint8Array) => void swarm._onMetadata(bytes)
    exchangeMetadata(wire, { swarm, known: infoBytes, onMetadata, onLie: () => ban(nameOf(wire)) })
    wire.on('upload', onUploaded)
  })
  const keepPrivate = () => {
    const { discovery } = swarm
    if (discovery?.dht) {
      clearTimeout(discovery._dhtTimeout)
      discovery.dht.off('peer', discovery._onDHTPeer)
      discovery.dht = null
    }
    for (const { ut_pex: exchange } of swarm.wires) {
      exchange?.removeAllListeners()
      exchange?.reset()
    }
  }
  return { addressOf: nameOf, ban, keepPrivate }
}

function hostOf(peer: string): string {
  return peer.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
}

/** Names are checked where they are resolved; addresses already here, so that no socket is made for nothing. */
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
