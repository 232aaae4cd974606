import { statfs } from 'node:fs/promises'
import { errorCode } from '../fetch-error.ts'
import { formatSize } from '../text/format-size.ts'

const maxReserveBytes = 64 * 1024 * 1024
const recheckBytes = 64 * 1024 * 1024
const recheckMs = 1000
const pollMs = 5000

export interface DiskRoomOptions {
  /** A folder or file on the volume. */
  path: string
  /** What is left free on the volume, but at most a tenth of it; by default 1 % of it, at most 64 MiB. */
  reserveBytes?: (() => number) | undefined
  signal: AbortSignal
  sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** How much is still to be written; null when unknown. */
  neededBytes: () => number | null
  onTrouble: (sentence: string | null) => void
}

/**
 * The free space on the volume that a fetch writes to. A full disk does not end a fetch: writers wait here until there is space,
 * and the person is told how much is needed.
 */
export class DiskRoom {
  readonly #options: DiskRoomOptions
  #allowance = 0
  #lookedAtMs = Number.NEGATIVE_INFINITY
  #waiting: Promise<void> | null = null

  constructor(options: DiskRoomOptions) {
    this.#options = options
  }

  get isWaiting(): boolean {
    return this.#waiting !== null
  }

  /** Resolves when `bytes` may be written. The volume is asked from time to time, not on every call. */
  async take(bytes: number): Promise<void> {
    while (this.#allowance < bytes || performance.now() - this.#lookedAtMs > recheckMs) {
      if (this.#waiting === null && (await this.#hasRoom(bytes))) break
      await this.#wait(bytes)
    }
    this.#allowance -= bytes
  }

  /** Resolves when it is worth retrying after the system refused a write because the disk was full. */
  async waitAfterRefusal(): Promise<void> {
    this.#allowance = 0
    await this.#wait(1)
  }

  #wait(bytes: number): Promise<void> {
    this.#waiting ??= this.#poll(bytes).finally(() => {
      this.#waiting = null
    })
    return this.#waiting
  }

  async #poll(bytes: number): Promise<void> {
    const { signal, sleep, onTrouble } = this.#options
    for (;;) {
      onTrouble(await this.#sentence())
      await sleep(pollMs, signal)
      signal.throwIfAborted()
      if (await this.#hasRoom(bytes)) break
    }
    onTrouble(null)
  }

  /** Asks the volume; true when there is space. A volume that does not report its free space is assumed to have some. */
  async #hasRoom(bytes: number): Promise<boolean> {
    this.#lookedAtMs = performance.now()
    const volume = await this.#volume()
    if (volume === null) this.#allowance = Math.max(recheckBytes, bytes)
    else {
      const reserve = this.#reserveBytes(volume.sizeBytes)
      this.#allowance = Math.min(Math.max(recheckBytes, bytes), volume.freeBytes - reserve)
    }
    return this.#allowance >= bytes
  }

  async #sentence(): Promise<string> {
    const [needed, volume] = [this.#options.neededBytes(), await this.#volume()]
    const needs = needed === null ? 'more is needed' : `this file needs ${formatSize(needed)} more`
    const reserve = volume === null ? 0 : this.#reserveBytes(volume.sizeBytes)
    const kept = reserve > maxReserveBytes ? `, of which ${formatSize(reserve)} stays free` : ''
    const free = volume === null ? '' : `, ${formatSize(volume.freeBytes)} is free${kept}`
    return `This computer’s disk is full: ${needs}${free}. It continues when there is space.`
  }

  #reserveBytes(volumeBytes: number): number {
    const { reserveBytes } = this.#options
    if (reserveBytes === undefined) return Math.min(maxReserveBytes, Math.floor(volumeBytes / 100))
    return Math.min(reserveBytes(), Math.floor(volumeBytes / 10))
  }

  async #volume(): Promise<{ freeBytes: number; sizeBytes: number } | null> {
    try {
      const { bsize, bavail, blocks } = await statfs(this.#options.path)
      return { freeBytes: bavail * bsize, sizeBytes: blocks * bsize }
    } catch (error) {
      if (errorCode(error) === 'ENOENT') throw error
      return null
    }
  }
}
