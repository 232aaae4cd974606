import { FetchError, translateError } from '../fetch-error.ts'
import { sentTooMuch } from '../http/http-source.ts'
import { Slab } from '../net/slab.ts'
import { lengthOf, type PartFile } from '../part/part-file.ts'
import { addRange, gapsOf, type Range } from '../ranges.ts'
import { type AskedPart, isSameVersion } from '../resume.ts'
import type { Announced, Delivery, Source } from '../source.ts'
import type { Arrival } from './arrival.ts'
import { brokeOff, readBody } from './body.ts'
import { firstBytes, isAt } from './chunks.ts'
import { Growth } from './growth.ts'
import { farthest, isStray, largestPlace, nearestPlace, placeAt } from './places.ts'
import { contradicts, noteSize, otherSize, refuseOtherSize, type Version, VersionChanged } from './version.ts'

/** How much a connection collects while its last batch is written. */
const maxGatheredBytes = { alone: 1024 * 1024, beside: 512 * 1024 }
const noBytes = Buffer.alloc(0)
/** After so many refused connections in a row, what readers wait for comes in its turn. */
const maxRefusals = 3
/** How many batches may come from far away while a reader waits. */
const maxStrayBatches = 4
const readerMs = 5000

/** Holds a fetch back. What is held back is written already, so that little is lost if the program ends. */
export interface Pace {
  /** How much may be collected in memory, per connection. */
  maxGatheredBytes: () => number
  /** Called after each batch is written, with its length and the total. Resolves when its connection may bring more. */
  onStored: (bytes: number, length: number) => void | Promise<void>
}

export interface SegmentsOptions {
  source: Source
  part: PartFile
  version: Version
  signal: AbortSignal
  stallMs: number
  maxConnections: number
  /** True when a checksum of the complete file is known. */
  isChecked: boolean
  /** True while there is no space on the disk. */
  isHeldBack: () => boolean
  onStart: (announced: Announced) => Promise<void>
  /** False when a file that arrives in one batch is not recorded. */
  isBriefRecorded: boolean
  /** Called before a batch is written, with the total length after it. */
  onBytes: (length: number) => void | Promise<void>
  pace: Pace | undefined
  arrival: Arrival | undefined
  onTrouble: (sentence: string | null) => void
  /** Discards what has been fetched, and says why. */
  startOver: (why: string) => Promise<void>
}

/** One connection, and the range of the file that it fills. */
interface Segment {
  /** Where it began. */
  start: number
  /** Bytes up to here are written. */
  written: number
  /** Bytes up to here are written or being written. */
  position: number
  /** Where it stops, exclusive; another segment may have taken over the rest. */
  end: number | null
  delivery: Delivery | null
  /** The first bytes of the file, where they are known already. */
  head: Buffer
  /** The minimum length of the file, where it is known already. */
  minBytes: number
  /** A reader waited for its first bytes. */
  isWanted: boolean
  stop: AbortController
}

/**
 * Fills the gaps of a part file, with one connection at first and with more where that is worthwhile. A connection that is
 * refused or breaks is abandoned, and the remaining ones fill its range; only the error of the last one counts.
 */
export class Segments {
  readonly #options: SegmentsOptions
  readonly #running = new Set<Segment>()
  readonly #outcome = Promise.withResolvers<void>()
  #limit: number
  #fatal: { error: unknown } | null = null
  #lastError: unknown = null
  #inFlightBytes = 0
  #arrivedBytes = 0
  #refusals = 0
  #strayBatches = 0
  /** Where a reader waited last. */
  #reader: { position: number; atMs: number } | null = null

  private constructor(options: SegmentsOptions) {
    this.#options = options
    this.#limit = options.maxConnections
  }

  /** Resolves when no gap is left; rejects with the error that ended it, after the last write. */
  static async run(options: SegmentsOptions): Promise<void> {
    const segments = new Segments(options)
    const { arrival } = options
    if (arrival !== undefined) arrival.onWanted = () => segments.#serve()
    const growth = new Growth({
      segments,
      arrivedBytes: () => segments.#arrivedBytes,
      remainingBytes: () => (options.version.totalBytes ?? 0) - options.part.doneBytes,
    })
    try {
      await segments.#lead()
      await segments.#outcome.promise
    } finally {
      growth.stop()
      if (arrival !== undefined) arrival.onWanted = () => undefined
    }
  }

  get count(): number {
    return this.#running.size
  }

  get limit(): number {
    return this.#limit
  }

  /** True when more connections can be opened. */
  get canGrow(): boolean {
    const { version, isHeldBack } = this.#options
    const isProven = version.givesParts && version.totalBytes !== null && version.validators.strong !== null
    return isProven && this.#fatal === null && !isHeldBack()
  }

  /** True when every connection has delivered its first bytes. */
  get haveAllBegun(): boolean {
    return [...this.#running].every(({ delivery }) => delivery !== null)
  }

  /** Opens one more connection where most is left to fetch. Returns false when nothing is large enough for one. */
  add(): boolean {
    const missing = this.#missing()
    if (missing === null) return false
    const reader = this.#reader !== null && performance.now() - this.#reader.atMs < readerMs ? this.#reader : null
    const place = reader === null ? largestPlace(missing) : nearestPlace(reader.position, missing)
    return place !== null && (place.from === null || this.canGrow) && this.#open(place, false)
  }

  /** Closes the newest connections until `count` are left, and opens no more than that. */
  shrinkTo(count: number): void {
    this.#limit = count
    for (const segment of [...this.#running].slice(count)) segment.stop.abort()
  }

  /** The first connection: its response decides about the whole file. */
  async #lead(): Promise<void> {
    const { part, version, signal, source, arrival, startOver } = this.#options
    const [start, stop] = this.#gaps()[0] ?? [part.doneBytes, null]
    const end = version.totalBytes === null ? null : stop
    const segment = newSegment(start, end)
    this.#running.add(segment)
    const answer = await source.open(this.#asked([start, end]), AbortSignal.any([signal, segment.stop.signal]))
    if (answer.kind === 'nothing-left') {
      this.#outcome.resolve()
      return
    }
    if (answer.kind === 'mismatch') throw new VersionChanged(source.host, answer.problem)
    if (answer.isWhole) {
      const isLeft = part.doneBytes > 0
      const isSame = isLeft && isSameVersion(answer.validators, version.validators)
      // What was fetched of this version must still be there, or the server is wrong.
      const head = isSame ? await part.readHead() : noBytes
      const minBytes = isSame ? (part.done.at(-1)?.[1] ?? 0) : 0
      refuseOtherSize(version, answer, minBytes)
      if (isLeft) await startOver('the file has changed, or cannot be continued there')
      else if (!isSameVersion(answer.validators, version.validators)) arrival?.startOver('The file has changed.')
      // The response replaced a part and does not give its length: nothing that follows could show that it is the same file.
      const isLoose = isLeft && answer.totalBytes === null
      version.validators = isLoose ? { ...answer.validators, strong: null } : answer.validators
      Object.assign(segment, newSegment(0, answer.end), { stop: segment.stop, head, minBytes })
    }
    version.totalBytes = answer.totalBytes
    version.isProven = answer.totalBytes !== null
    noteSize(version)
    segment.end ??= answer.end
    version.givesParts = answer.givesParts
    await this.#receive(segment, answer)
  }

  /** An additional connection. Its failures do not fail the fetch, unless they show that the file has changed. */
  async #extra(segment: Segment): Promise<void> {
    const { signal, source } = this.#options
    const asked = this.#asked([segment.position, segment.end])
    const open = source.open(asked, AbortSignal.any([signal, segment.stop.signal]))
    const answer = await open.catch((error: unknown) => ({ kind: 'refused' as const, error }))
    if (answer.kind === 'bytes' && !answer.isWhole) {
      await this.#receive(segment, answer)
      return
    }
    // The complete file in place of a part is of no use here; the first connection still brings the version it began with.
    if (answer.kind === 'bytes') answer.close()
    if (answer.kind === 'mismatch' && answer.hasChanged)
      this.#fatal ??= { error: new VersionChanged(source.host, answer.problem, { isBeside: true }) }
    if (!segment.stop.signal.aborted) this.#noteRefusal(answer.kind === 'refused' ? answer.error : null)
    this.#ended(segment, answer.kind === 'refused' ? answer.error : brokeOff(source.host))
  }

  /** A source that is only busy may give another part later. */
  #noteRefusal(cause: unknown): void {
    const { source, version } = this.#options
    const error = translateError(cause, source.host)
    if (!(error instanceof FetchError) || !error.isPassing) version.givesParts = false
    this.#refusals += 1
  }

  async #receive(segment: Segment, delivery: Delivery): Promise<void> {
    const { stallMs, onTrouble } = this.#options
    segment.delivery = delivery
    let error: unknown = null
    try {
      await readBody(delivery.stream, {
        host: delivery.host,
        stallMs,
        maxGatheredBytes: () => this.#maxGatheredBytes(),
        isBroken: () => delivery.ending() === 'broken',
        onBatch: (chunks, bytes) => this.#take(segment, delivery, { chunks, bytes }),
        onArrival: (bytes) => {
          this.#arrivedBytes += bytes
        },
        onQuiet: () => {
          if (this.#running.size === 1) onTrouble(`“${delivery.host}” has sent nothing for a while.`)
        },
      })
      await this.#close(segment, delivery)
    } catch (cause) {
      error = cause
    } finally {
      delivery.close()
    }
    this.#ended(segment, error)
  }

  /** The more connections, the more of what is written lacks its checksum at any time, and is fetched again after a kill. */
  #maxGatheredBytes(): number {
    const usual = this.#running.size > 1 ? maxGatheredBytes.beside : maxGatheredBytes.alone
    return Math.min(usual, this.#options.pace?.maxGatheredBytes() ?? usual)
  }

  /** Writes what arrived. True when this segment is complete. */
  async #take(segment: Segment, delivery: Delivery, batch: { chunks: Buffer[]; bytes: number }): Promise<boolean> {
    const { part, pace, arrival, onBytes, onTrouble } = this.#options
    if (this.#fatal !== null) return true
    const at = segment.position
    if (delivery.end !== null && at + batch.bytes > delivery.end) throw this.#condemn(sentTooMuch(delivery.host))
    const bytes = Math.min(batch.bytes, (segment.end ?? Number.POSITIVE_INFINITY) - at)
    const chunks = bytes === batch.bytes ? batch.chunks : firstBytes(batch.chunks, bytes)
    if (lengthOf(chunks) !== bytes)
      throw this.#condemn(new Error('A piece was read after its memory had been given back.'))
    if (at < segment.head.length && !isAt(segment.head, at, chunks))
      throw this.#condemn(new VersionChanged(delivery.host, 'it gives other bytes for the same version'))
    segment.position = at + bytes
    this.#inFlightBytes += bytes
    try {
      if (part.doneBytes === 0 && delivery.isWhole) await this.#begin(delivery, chunks[0] ?? noBytes, bytes)
      onTrouble(null)
      await onBytes(part.doneBytes + this.#inFlightBytes)
      await part.write(chunks, at)
      segment.written = segment.position
      if (segment.isWanted) this.#refusals = 0
      if (arrival !== undefined) this.#noteStray(segment)
      arrival?.grew()
      this.#serve()
      for (const chunk of batch.chunks) Slab.giveBack(chunk)
    } catch (error) {
      throw this.#condemn(error)
    } finally {
      this.#inFlightBytes -= bytes
    }
    await pace?.onStored(bytes, part.doneBytes)
    return segment.end !== delivery.end && segment.position >= (segment.end ?? Number.POSITIVE_INFINITY)
  }

  async #begin(delivery: Delivery, head: Buffer, bytes: number): Promise<void> {
    const { part, version, isBriefRecorded, onStart } = this.#options
    await onStart({ ...delivery.announced, head })
    if (bytes === version.totalBytes && !isBriefRecorded) part.beginBrief()
    else await part.begin(version.validators.strong)
  }

  /** Decides whether the end of a body was the end of the file. */
  async #close(segment: Segment, delivery: Delivery): Promise<void> {
    const { version, part } = this.#options
    if (this.#fatal !== null || segment.end !== delivery.end) return
    if (segment.position === 0 && delivery.isWhole) await this.#begin(delivery, noBytes, 0)
    if (delivery.end !== null && segment.position < delivery.end) throw brokeOff(delivery.host)
    await delivery.confirm().catch((error: unknown) => {
      throw this.#condemn(error)
    })
    if (version.totalBytes !== null) return
    if (part.doneBytes < segment.minBytes || contradicts(version, version.validators, part.doneBytes))
      throw this.#condemn(new VersionChanged(delivery.host, otherSize))
    version.totalBytes = part.doneBytes
    version.isProven = delivery.ending() === 'proven'
  }

  /** Records an error that ends the whole attempt. */
  #condemn(error: unknown): unknown {
    this.#fatal ??= { error }
    return error
  }

  #ended(segment: Segment, error: unknown): void {
    const wasStopped = segment.stop.signal.aborted
    this.#running.delete(segment)
    if (error !== null && !wasStopped) {
      this.#lastError = error
      this.#limit = Math.max(1, Math.min(this.#limit, this.#running.size))
    }
    if (this.#fatal !== null || this.#options.signal.aborted) {
      this.#fail(this.#fatal?.error ?? this.#options.signal.reason)
      return
    }
    this.#giveBack()
    const isComplete = this.#options.version.totalBytes !== null && this.#gaps().length === 0
    // A connection that made way for a reader, or was refused to one, leaves its range to another.
    const isFree = error === null || wasStopped || segment.isWanted
    if (isComplete) this.#settle()
    else if (this.#serve() || (isFree && this.#running.size < this.#limit && this.add())) return
    else if (this.#running.size === 0) this.#fail(this.#lastError ?? brokeOff(this.#options.source.host))
  }

  /** Stops the other connections, and rejects once the last of them is closed. */
  #fail(error: unknown): void {
    this.#fatal ??= { error }
    for (const segment of this.#running) segment.stop.abort()
    this.#settle()
  }

  #settle(): void {
    if (this.#running.size > 0) return
    if (this.#fatal === null) this.#outcome.resolve()
    else this.#outcome.reject(this.#fatal.error)
  }

  /** An orphaned gap goes to the connection that ends before it, if that one is going to deliver it anyway. */
  #giveBack(): void {
    for (const [start, end] of this.#gaps()) {
      for (const segment of this.#running) {
        const reach = segment.delivery?.end ?? 0
        if (segment.end === start && segment.position < start && reach >= end) segment.end = end
      }
    }
  }

  /** Fetches first what readers wait for, if necessary in place of something else. True when that opened a connection. */
  #serve(): boolean {
    const wanted = this.#options.arrival?.wanted ?? []
    const missing = wanted.length === 0 ? null : this.#missing()
    const [first = null] = wanted
    if (first !== null) this.#reader = { position: first, atMs: performance.now() }
    if (missing === null || !this.canGrow || this.#refusals >= maxRefusals) return false
    for (const position of wanted) {
      const place = placeAt(position, missing)
      if (place === null) continue
      if (this.#running.size < this.#limit) return this.#open(place, true)
      // Only after it has brought something, so that the fetch gets on whatever readers do.
      const idle = [...this.#running].filter(({ start, written, stop }) => written > start && !stop.signal.aborted)
      const isMaking = [...this.#running].some(({ stop }) => stop.signal.aborted)
      if (!isMaking) farthest(position, idle, missing.totalBytes)?.stop.abort()
      return false
    }
    return false
  }

  /** A connection that keeps bringing what a waiting reader does not need yet makes way for one that helps. */
  #noteStray(segment: Segment): void {
    const [position] = this.#options.arrival?.wanted ?? []
    const missing = position === undefined ? null : this.#missing()
    if (position === undefined || missing === null) this.#strayBatches = Math.max(0, this.#strayBatches - 1)
    if (position === undefined || missing === null || !isStray(segment, position, missing) || !this.canGrow) return
    this.#strayBatches += 1
    if (this.#strayBatches < maxStrayBatches || this.#running.size === 1) return
    this.#strayBatches = 0
    segment.stop.abort()
  }

  #open({ range, from }: { range: Range; from: Segment | null }, isWanted: boolean): boolean {
    if (from !== null) from.end = range[0]
    const segment = { ...newSegment(...range), isWanted }
    this.#running.add(segment)
    this.#extra(segment).catch((error: unknown) => this.#fail(error))
    return true
  }

  #missing(): { gaps: Range[]; running: Set<Segment>; totalBytes: number } | null {
    const { totalBytes } = this.#options.version
    return totalBytes === null || this.#fatal !== null
      ? null
      : { gaps: this.#gaps(), running: this.#running, totalBytes }
  }

  /** What is neither written nor being fetched. */
  #gaps(): Range[] {
    const { part, version } = this.#options
    if (version.totalBytes === null) return part.doneBytes === 0 ? [] : [[part.doneBytes, Number.MAX_SAFE_INTEGER]]
    let taken = part.done
    for (const { written, end } of this.#running) taken = addRange(taken, [written, end ?? version.totalBytes])
    return gapsOf(taken, version.totalBytes)
  }

  #asked([start, end]: [number, number | null]): AskedPart {
    const { version, isChecked } = this.#options
    const { totalBytes, validators } = version
    const isToTheEnd = end === null || totalBytes === null || end >= totalBytes
    return { start, end: isToTheEnd ? null : end, totalBytes, validators, isChecked }
  }
}

function newSegment(start: number, end: number | null): Segment {
  return {
    start,
    written: start,
    position: start,
    end,
    delivery: null,
    head: noBytes,
    minBytes: 0,
    isWanted: false,
    stop: new AbortController(),
  }
}
