import { createHash, hash } from 'node:crypto'
import type { Torrent as Swarm, Wire } from 'webtorrent'
import type { PieceStore } from './piece-store.ts'

const blockBytes = 16 * 1024
const minPipeline = 32
const maxPipeline = 500
const pipelineSeconds = 1
const refillBelow = 0.75
const maxPendingBytes = 64 * 1024 * 1024
const maxOpenBytes = 128 * 1024 * 1024
/** Including pieces that readers wait for. */
const maxOpenBytesWithWanted = 192 * 1024 * 1024
const maxWebRequests = 4
const maxPeersPerBlock = 2
const maxCandidates = 64
/** A wanted piece that takes longer is requested from a second peer, too. */
const slowPieceMs = 3000

interface OpenPiece {
  index: number
  length: number
  blocks: (Uint8Array | undefined)[]
  /** The sender of each block. */
  sources: string[]
  /** The peers with an open request for each block. */
  asked: Wire[][]
  /** Blocks not requested yet; the next one is last. */
  free: number[]
  left: number
  /** A damaged piece that came from several peers is fetched from a single one next, so that the blame is certain. */
  isSingleSource: boolean
  owner: Wire | null
  openedAtMs: number
}

interface DownloadingOptions {
  swarm: Swarm
  store: PieceStore
  hashes: Buffer
  /** The address that a wire is blamed and banned by. */
  addressOf: (wire: Wire) => string
  onVerified: (piece: number) => void
  onCorrupt: (address: string) => void
  onError: (error: unknown) => void
}

/**
 * Decides what to request from which peer, and handles what arrives: complete pieces are hashed from their blocks without
 * copying, written, and only then counted. Replaces webtorrent's `_updateWire`, which copies every piece, has no endgame in which
 * slow peers are overtaken, and keeps asking peers that send damaged pieces.
 */
export class Downloading {
  readonly #options: DownloadingOptions
  readonly #open = new Map<number, OpenPiece>()
  /** Open pieces with blocks that are not requested yet. */
  readonly #fillable = new Set<OpenPiece>()
  readonly #writing = new Set<number>()
  /** The blocks of damaged pieces, by sender. */
  readonly #suspicions = new Map<number, { address: string; block: number; digest: string }[]>()
  readonly #cursors = new WeakMap<Wire, number>()
  #openBytes = 0
  #wanted: readonly number[] = []

  constructor(options: DownloadingOptions) {
    this.#options = options
  }

  /** Fetches these pieces before all others, the most urgent first. */
  want(pieces: readonly number[]): void {
    this.#wanted = pieces
    for (const wire of this.#options.swarm.wires) this.fill(wire)
  }

  /** Requests as much as a peer can handle. */
  fill(wire: Wire): void {
    const { swarm, store } = this.#options
    if (wire.destroyed || wire.peerChoking || !swarm.ready || swarm.done || swarm.destroyed) return
    if (store.pendingBytes > maxPendingBytes) return
    if (wire.type === 'webSeed') {
      this.#fillFromWeb(wire)
      return
    }
    const limit = pipelineOf(wire)
    // Many requests at once are one message on the wire, and one write.
    if (wire.requests.length > limit * refillBelow) return
    this.#overtakeSlow(wire, limit)
    while (wire.requests.length < limit) {
      const open = this.#wantedFor(wire) ?? this.#fillableFor(wire) ?? this.#openFor(wire)
      const block = open?.free.pop()
      if (open === null || block === undefined) break
      if (open.free.length === 0) this.#fillable.delete(open)
      if (open.isSingleSource) open.owner = wire
      this.#ask(wire, open, block)
    }
    // Endgame.
    if (wire.requests.length === 0) this.#overtake(wire, this.#open.values(), minPipeline)
  }

  /** Requests complete pieces, because each request is an HTTP request. */
  #fillFromWeb(wire: Wire): void {
    while (wire.requests.length < maxWebRequests) {
      const open = this.#openWanted(wire) ?? this.#openFor(wire)
      if (open === null) return
      open.free = []
      this.#fillable.delete(open)
      open.owner = wire
      for (const asked of open.asked) asked.push(wire)
      wire.request(open.index, 0, open.length, (error, bytes) => {
        for (const block of open.blocks.keys()) {
          const part = bytes?.subarray(block * blockBytes, block * blockBytes + lengthOf(open, block)) ?? null
          this.#receive(wire, open, { block, part: error === null ? part : null })
        }
        this.fill(wire)
      })
    }
  }

  #ask(wire: Wire, open: OpenPiece, block: number): void {
    open.asked[block]?.push(wire)
    wire.request(open.index, block * blockBytes, lengthOf(open, block), (error, bytes) => {
      this.#receive(wire, open, { block, part: error === null ? bytes : null })
      if (error === null) this.fill(wire)
    })
  }

  #receive(wire: Wire, open: OpenPiece, { block, part }: { block: number; part: Uint8Array | null }): void {
    const asked = open.asked[block] ?? []
    const at = asked.indexOf(wire)
    if (at !== -1) asked.splice(at, 1)
    if (open.blocks[block] !== undefined || this.#open.get(open.index) !== open) return
    if (part === null) {
      if (open.owner === wire) open.owner = null
      if (asked.length > 0) return
      open.free.push(block)
      this.#fillable.add(open)
      return
    }
    open.blocks[block] = part
    open.sources[block] = this.#options.addressOf(wire)
    open.left -= 1
    for (const slower of [...asked]) slower.cancel(open.index, block * blockBytes, lengthOf(open, block))
    if (open.left === 0) this.#judge(open)
  }

  #judge(open: OpenPiece): void {
    const { store, hashes, onVerified, onError } = this.#options
    this.#close(open)
    const blocks = open.blocks.filter((block) => block !== undefined)
    const digest = createHash('sha1')
    for (const block of blocks) digest.update(block)
    if (!digest.digest().equals(hashes.subarray(open.index * 20, open.index * 20 + 20))) {
      this.#blame(open, blocks)
      return
    }
    this.#clear(open, blocks)
    this.#writing.add(open.index)
    store.write(open.index, blocks).then(() => {
      this.#writing.delete(open.index)
      onVerified(open.index)
    }, onError)
  }

  /** A peer that sent all of a damaged piece is to blame; of several, those whose blocks turn out to differ. */
  #blame(open: OpenPiece, blocks: Uint8Array[]): void {
    const senders = new Set(open.sources)
    const [only] = senders
    if (senders.size === 1 && only !== undefined) {
      this.#options.onCorrupt(only)
      return
    }
    const suspicion = blocks.map((bytes, block) => ({
      address: open.sources[block] ?? '',
      block,
      digest: hash('sha1', bytes),
    }))
    this.#suspicions.set(open.index, [...(this.#suspicions.get(open.index) ?? []), ...suspicion].slice(-10_000))
  }

  #clear(open: OpenPiece, blocks: Uint8Array[]): void {
    const suspicion = this.#suspicions.get(open.index)
    if (suspicion === undefined) return
    this.#suspicions.delete(open.index)
    const digests = blocks.map((bytes) => hash('sha1', bytes))
    const liars = suspicion.filter(({ block, digest }) => digests[block] !== digest).map(({ address }) => address)
    for (const liar of new Set(liars)) this.#options.onCorrupt(liar)
  }

  #fillableFor(wire: Wire): OpenPiece | null {
    for (const open of this.#fillable) if (isFor(wire, open)) return open
    return null
  }

  /** The most urgent wanted piece of which something can be requested from a peer. */
  #wantedFor(wire: Wire): OpenPiece | null {
    for (const index of this.#wanted) {
      const open = this.#open.get(index)
      if (open !== undefined && this.#fillable.has(open) && isFor(wire, open)) return open
    }
    return this.#openWanted(wire)
  }

  #openWanted(wire: Wire): OpenPiece | null {
    if (this.#openBytes >= maxOpenBytesWithWanted) return null
    const index = this.#wanted.find((one) => this.#isMissing(one) && wire.peerPieces.get(one))
    return index === undefined ? null : this.#begin(index)
  }

  /** True for a piece that is neither here nor on its way. */
  #isMissing(index: number): boolean {
    return !this.#options.swarm.bitfield?.get(index) && !this.#open.has(index) && !this.#writing.has(index)
  }

  #openFor(wire: Wire): OpenPiece | null {
    if (this.#openBytes >= maxOpenBytes) return null
    const index = this.#choose(wire)
    return index === null ? null : this.#begin(index)
  }

  #begin(index: number): OpenPiece {
    const length = this.#options.store.lengthOf(index)
    const count = Math.ceil(length / blockBytes)
    const open: OpenPiece = {
      index,
      length,
      blocks: new Array<Uint8Array | undefined>(count).fill(undefined),
      sources: [],
      asked: Array.from({ length: count }, () => []),
      free: Array.from({ length: count }, (_, block) => count - 1 - block),
      left: count,
      isSingleSource: this.#suspicions.has(index),
      owner: null,
      openedAtMs: performance.now(),
    }
    this.#open.set(index, open)
    this.#fillable.add(open)
    this.#openBytes += length
    return open
  }

  /** Chooses the rarest of the next missing pieces that a peer has. Each peer starts at a random piece. */
  #choose(wire: Wire): number | null {
    const { swarm } = this.#options
    const { pieces, wires } = swarm
    const count = pieces.length
    const start = this.#cursors.get(wire) ?? Math.floor(Math.random() * count)
    let best: number | null = null
    let fewest = Number.POSITIVE_INFINITY
    let seen = 0
    for (let step = 0; step < count && seen < maxCandidates; step += 1) {
      const index = (start + step) % count
      if (!this.#isMissing(index) || !wire.peerPieces.get(index)) continue
      seen += 1
      const holders = wires.length === 1 ? 1 : wires.filter((other) => other.peerPieces.get(index)).length
      if (holders < fewest) [best, fewest] = [index, holders]
      if (wires.length === 1) break
    }
    if (best !== null) this.#cursors.set(wire, (best + 1) % count)
    return best
  }

  /** A reader must not wait for a slow peer while a faster one has the same piece. */
  #overtakeSlow(wire: Wire, limit: number): void {
    if (this.#wanted.length === 0) return
    const slowSinceMs = performance.now() - slowPieceMs
    const slow = this.#wanted.flatMap((index) => this.#open.get(index) ?? [])
    this.#overtake(
      wire,
      slow.filter(({ openedAtMs }) => openedAtMs < slowSinceMs),
      limit,
    )
  }

  /** Requests blocks that slower peers have not delivered yet, and takes whichever arrives first. */
  #overtake(wire: Wire, slow: Iterable<OpenPiece>, limit: number): void {
    for (const open of slow) {
      if (!wire.peerPieces.get(open.index) || open.isSingleSource) continue
      for (const [block, asked] of open.asked.entries()) {
        if (wire.requests.length >= limit) return
        if (open.blocks[block] !== undefined || asked.length >= maxPeersPerBlock || asked.includes(wire)) continue
        this.#ask(wire, open, block)
      }
    }
  }

  #close(open: OpenPiece): void {
    this.#open.delete(open.index)
    this.#fillable.delete(open)
    this.#openBytes -= open.length
  }
}

/** True when a piece may be requested from a peer. */
function isFor(wire: Wire, { index, isSingleSource, owner }: OpenPiece): boolean {
  return (!isSingleSource || owner === null || owner === wire) && wire.peerPieces.get(index)
}

/** The number of requests that the peer answers in a second, within our bounds and its announced queue length. */
function pipelineOf(wire: Wire): number {
  const { reqq } = wire.peerExtendedHandshake
  const announced = typeof reqq === 'number' && reqq > 0 ? reqq : maxPipeline
  const useful = Math.ceil((pipelineSeconds * wire.downloadSpeed()) / blockBytes)
  return Math.min(Math.max(minPipeline, useful), announced, maxPipeline)
}

function lengthOf(open: OpenPiece, block: number): number {
  return Math.min(blockBytes, open.length - block * blockBytes)
}
