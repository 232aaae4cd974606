import type { ChunkStore, Discovery, MetadataExtension, Torrent as Swarm, Wire } from 'webtorrent'
import type Peer from 'webtorrent/lib/peer.js'

/**
 * The private members of webtorrent and its modules that are used here, by file. No other module touches them. A test fails when an
 * installed version lacks one.
 */
export const internals = {
  'webtorrent/lib/torrent.js': [
    '_peers',
    '_addPeer',
    '_store',
    '_startupBitfield',
    '_onMetadata',
    '_verifyPieces',
    '_markVerified',
    '_checkDone',
    '_updateWire',
    '_updateWireInterest',
  ],
  'bittorrent-protocol/index.js': [
    '_bufferSize',
    '_parserSize',
    '_cryptoSyncPattern',
    '_debug',
    '_write',
    '_onMessageLength',
    '_onHave',
    '_onBitField',
    '_onRequest',
    '_onCancel',
    '_onExtended',
  ],
  'ut_metadata/index.js': ['_metadataComplete', '_metadataSize'],
  'torrent-discovery/index.js': ['_dhtTimeout', '_onDHTPeer'],
} as const

type Describe = (metadata: Parameters<Swarm['_onMetadata']>[0]) => Promise<void>

/** All known peers of a swarm, connected or not, by address. */
export function peersOf(swarm: Swarm): ReadonlyMap<string, Peer> {
  return swarm._peers
}

/** Asks before a swarm connects to an address, also when it reconnects to one. */
export function admitPeers(swarm: Swarm, isAdmitted: (address: string) => boolean): void {
  const { _addPeer } = swarm
  swarm._addPeer = (peer, type, source) => (isAdmitted(peer) ? _addPeer.call(swarm, peer, type, source) : null)
}

/** Intercepts the metadata of a swarm. `describe` passes it on to the library. */
export function onMetadata(
  swarm: Swarm,
  take: (metadata: Parameters<Describe>[0], describe: Describe) => Promise<void>,
): void {
  const describe = swarm._onMetadata
  swarm._onMetadata = (metadata) => take(metadata, (known) => describe.call(swarm, known))
}

/** Gives a swarm its metadata, as if a peer had sent it. */
export function giveMetadata(swarm: Swarm, bytes: Uint8Array): Promise<void> {
  return swarm._onMetadata(bytes)
}

/** Replacements for how a swarm reads, picks and verifies pieces. */
export interface PieceHandling {
  /** The verified pieces, as a bitfield. */
  verified: Uint8Array
  store: new (chunkLength: number) => ChunkStore
  /** Requests the next blocks from a peer. */
  pick: (wire: Wire) => void
  /** Verifies existing pieces before anything is fetched. */
  verify: (done: (error: Error | null) => void) => void
}

/** Installs the replacements. Must run before the swarm starts. */
export function handlePieces(swarm: Swarm, { verified, store, pick, verify }: PieceHandling): void {
  swarm._startupBitfield = verified
  swarm._store = store
  swarm._updateWire = pick
  swarm._verifyPieces = verify
}

/** Marks a piece of a swarm as verified. */
export function markVerified(swarm: Swarm, piece: number): void {
  swarm._markVerified(piece)
}

/** Makes a swarm check whether it is complete. */
export function checkDone(swarm: Swarm): void {
  swarm._checkDone()
}

/** Skips the library's check of every piece of a peer when `mayBeInterested` returns false; the peer is then not interesting. */
export function onInterest(swarm: Swarm, mayBeInterested: () => boolean): void {
  const { _updateWireInterest } = swarm
  swarm._updateWireInterest = (wire) => {
    if (mayBeInterested()) _updateWireInterest.call(swarm, wire)
    else wire.uninterested()
  }
}

/** Stops finding peers through the DHT. */
export function leaveDht(discovery: Discovery): void {
  if (!discovery.dht) return
  clearTimeout(discovery._dhtTimeout)
  discovery.dht.off('peer', discovery._onDHTPeer)
  discovery.dht = null
}

/** Gives the extension the complete metadata, so that it can serve it to peers. */
export function keepMetadata(extension: MetadataExtension, bytes: Uint8Array): void {
  extension.metadata = bytes
  extension._metadataComplete = true
  extension._metadataSize = bytes.length
}

export function hasMetadata(extension: MetadataExtension): boolean {
  return extension._metadataComplete
}

/** Hooks before the library handles the steps of a wire. `pass` calls the library. */
export interface WireHooks {
  /** Bytes from the socket. */
  write(data: Uint8Array, done: (error: Error | null) => void, pass: Wire['_write']): void
  /** The four bytes before each message. */
  messageLength(bytes: Uint8Array, pass: Wire['_onMessageLength']): void
  extended(extension: number, bytes: Uint8Array, pass: Wire['_onExtended']): void
  have(index: number, pass: Wire['_onHave']): void
  bitField(bytes: Uint8Array, pass: Wire['_onBitField']): void
}

export function interceptWire(wire: Wire, hooks: WireHooks): void {
  const pass = {
    write: wire._write.bind(wire),
    messageLength: wire._onMessageLength.bind(wire),
    extended: wire._onExtended.bind(wire),
    have: wire._onHave.bind(wire),
    bitField: wire._onBitField.bind(wire),
  }
  wire._write = (data, done) => hooks.write(data, done, pass.write)
  wire._onMessageLength = (bytes) => hooks.messageLength(bytes, pass.messageLength)
  wire._onExtended = (extension, bytes) => hooks.extended(extension, bytes, pass.extended)
  wire._onHave = (index) => hooks.have(index, pass.have)
  wire._onBitField = (bytes) => hooks.bitField(bytes, pass.bitField)
}

/** Hooks before the library handles a peer's requests. `pass` calls the library. */
export interface RequestHooks {
  request(index: number, offset: number, length: number, pass: Wire['_onRequest']): void
  cancel(index: number, offset: number, length: number, pass: Wire['_onCancel']): void
}

export function interceptRequests(wire: Wire, hooks: RequestHooks): Wire['_onRequest'] {
  const [request, cancel] = [wire._onRequest.bind(wire), wire._onCancel.bind(wire)]
  wire._onRequest = (index, offset, length) => hooks.request(index, offset, length, request)
  wire._onCancel = (index, offset, length) => hooks.cancel(index, offset, length, cancel)
  return request
}

/** Turns off the library's debug log, which is costly per block even when nothing reads it. */
export function silence(wire: Wire): void {
  wire._debug = () => undefined
}

/** Feeds a wire bytes from the socket. */
export function feed(wire: Wire, bytes: Uint8Array, done: (error: Error | null) => void): void {
  wire._write(bytes, done)
}

/** How many bytes of the current message are missing; 0 between messages, and while the handshake may still be encrypted. */
export function missingBytes(wire: Wire): number {
  if (wire._bufferSize === 0 || wire._cryptoSyncPattern !== null) return 0
  return wire._parserSize - wire._bufferSize
}
