// The parts of webtorrent 3.0.21 used here. They include private members, which is why the version is pinned exactly.

declare module 'webtorrent' {
  import type { EventEmitter } from 'node:events'
  import type Peer from 'webtorrent/lib/peer.js'

  class WebTorrent extends EventEmitter {
    constructor(options: WebTorrent.ClientOptions)
    torrents: WebTorrent.Torrent[]
    torrentPort: number
    dhtPort: number
    listening: boolean
    dht: (EventEmitter & { address(): { port: number } }) | null | false
    add(parsed: WebTorrent.Parsed, options: WebTorrent.TorrentOptions): WebTorrent.Torrent
    destroy(done: (error?: Error | null) => void): void
  }

  namespace WebTorrent {
    export interface BitField {
      buffer: Uint8Array
      get(index: number): boolean
      set(index: number, isSet?: boolean): void
    }

    export interface WireRequest {
      piece: number
      offset: number
      length: number
    }

    type OnBlock = (error: Error | null, block: Uint8Array | null) => void

    export interface Wire extends EventEmitter {
      type: string
      remoteAddress?: string
      remotePort?: number
      destroyed: boolean
      uploaded: number
      downloaded: number
      isSeeder?: boolean
      amChoking: boolean
      amInterested: boolean
      peerChoking: boolean
      peerInterested: boolean
      hasFast: boolean
      peerPieces: BitField
      peerAllowedFastSet: number[]
      requests: WireRequest[]
      peerRequests: WireRequest[]
      peerExtensions: { dht: boolean }
      peerExtendedHandshake: { reqq?: unknown }
      extendedHandshake: Record<string, unknown>
      ut_metadata: MetadataExtension
      ut_pex?: EventEmitter & { reset(): void }
      downloadSpeed(): number
      uploadSpeed(): number
      interested(): void
      uninterested(): void
      choke(): void
      have(index: number): void
      reject(index: number, offset: number, length: number): void
      request(index: number, offset: number, length: number, onBlock: OnBlock): void
      cancel(index: number, offset: number, length: number): void
      push(data: Uint8Array | null): boolean
      resume(): this
      destroy(): void
      _bufferSize: number
      _parserSize: number
      _cryptoSyncPattern: Uint8Array | null
      _debug(...words: unknown[]): void
      _write(data: Uint8Array, done: (error: Error | null) => void): void
      _parse(size: number, parser: (bytes: Uint8Array) => void): void
      _onMessageLength(bytes: Uint8Array): void
      _onHave(index: number): void
      _onBitField(bytes: Uint8Array): void
      _onRequest(index: number, offset: number, length: number): void
      _onCancel(index: number, offset: number, length: number): void
      _onExtended(extension: number, bytes: Uint8Array): void
    }

    export interface MetadataExtension extends EventEmitter {
      metadata: Uint8Array
      _metadataComplete: boolean
      _metadataSize: number | null
      setMetadata(bytes: Uint8Array): Promise<boolean>
      fetch(): void
      cancel(): void
    }

    export interface Discovery {
      dht: (EventEmitter & { lookup(infoHash: string): unknown }) | null
      tracker: (EventEmitter & { update(): void }) | null
      _dhtTimeout: NodeJS.Timeout
      _onDHTPeer: (...given: unknown[]) => void
    }

    /** A torrent in the form of webtorrent's own parser. */
    export interface Parsed {
      infoHash: string
      name: string
      announce: string[]
      urlList: string[]
      peerAddresses?: string[]
      private?: boolean
      info?: object
      files?: { path: string; name: string; length: number; offset: number }[]
      length?: number
      pieceLength?: number
      lastPieceLength?: number
      pieces?: string[]
    }

    export interface ChunkStore {
      chunkLength: number
      get(index: number, options: { offset?: number; length?: number } | null, done: OnChunk): void
      put(index: number, bytes: Uint8Array, done: (error: Error | null) => void): void
      close(done: (error: Error | null) => void): void
      destroy(done: (error: Error | null) => void): void
    }
    type OnChunk = (error: Error | null, bytes?: Uint8Array) => void

    export interface Torrent extends EventEmitter {
      client: WebTorrent | null
      infoHash: string
      metadata: Uint8Array | null
      destroyed: boolean
      ready: boolean
      done: boolean
      _numConns: number
      _numQueued: number
      wires: Wire[]
      pieces: unknown[]
      bitfield?: BitField
      discovery: Discovery | null
      downloadSpeed: number
      uploadSpeed: number
      _addPeer(peer: string, type: string, source?: string): Peer | null
      _peers: Map<string, Peer>
      _store: new (chunkLength: number) => ChunkStore
      _startupBitfield: Uint8Array | undefined
      addPeer(peer: string, source?: string): boolean
      removePeer(peer: string | Peer): void
      destroy(done: (error?: Error | null) => void): void
      _onMetadata(metadata: Uint8Array | Parsed): Promise<void>
      _verifyPieces(done: (error: Error | null) => void): void
      _markVerified(index: number): void
      _checkDone(): boolean
      _gcSelections(): void
      _updateWire(wire: Wire): void
      _updateWireInterest(wire: Wire): void
      _destroy(error: Error): void
    }

    export interface TorrentOptions {
      store: new (chunkLength: number) => ChunkStore
      storeCacheSlots: number
      bitfield?: Uint8Array
      uploads?: number
      maxWebConns?: number
      getAnnounceOpts?: () => Record<string, number>
    }

    export interface ClientOptions {
      torrentPort: number
      dht: { bootstrap: string[] } | false
      dhtPort: number
      lsd: boolean
      utp: boolean
      utPex: boolean
      natUpnp: boolean
      natPmp: boolean
      secure: number
      maxConns: number
      userAgent: string
    }
  }
  export = WebTorrent
}

declare module 'webtorrent/lib/peer.js' {
  import type { EventEmitter } from 'node:events'
  import type { Socket } from 'node:net'
  import type { Torrent, Wire } from 'webtorrent'

  class Peer extends EventEmitter {
    id: string
    type: string
    secure: number
    retries: number
    destroyed: boolean
    conn: Socket
    wire: Wire
    swarm: Torrent | null
    destroy(error?: Error): void
    onConnect(): void
    setThrottlePipes(): void
  }
  export = Peer
}
