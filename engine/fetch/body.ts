import type { Readable } from 'node:stream'
import { errorCode, FetchError, translateError } from '../fetch-error.ts'

const batchBytes = 1024 * 1024
const tickMs = 250

export interface BodyOptions {
  host: string
  /** How long the sender may stay silent. */
  stallMs: number
  /** Takes the bytes that arrived; resolves to true when no more are wanted. */
  onBatch: (chunks: Buffer[], bytes: number) => Promise<boolean>
  /** How much may be collected while a batch is written. */
  maxGatheredBytes: () => number
  /** Called as soon as bytes arrive. */
  onArrival?: (bytes: number) => void
  /** Called once when the sender has been silent for a third of `stallMs`. */
  onQuiet?: () => void
  /** Called at the end: true when the connection broke although the body looks complete. */
  isBroken: () => boolean
}

/**
 * Reads a body in batches of about 1 MiB, or of what arrived in a quarter of a second. While one batch is written the next one is
 * collected; after that the sender is held back. What arrived before an error is passed on before this rejects.
 */
export function readBody(stream: Readable, options: BodyOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = []
    let bytes = 0
    let isWriting = false
    let isEnded = false
    let isQuiet = false
    let ending: unknown = null
    let heardAtMs = performance.now()
    const maxGathered = options.maxGatheredBytes

    const finish = (error: unknown) => {
      clearInterval(ticking)
      if (error !== null) {
        stream.destroy()
        reject(error)
      } else resolve()
    }
    const write = async () => {
      if (isWriting) return
      isWriting = true
      while (bytes > 0) {
        const [batch, size] = [chunks, bytes]
        chunks = []
        bytes = 0
        if (stream.isPaused()) stream.resume()
        if (await options.onBatch(batch, size)) {
          stop()
          return
        }
        heardAtMs = performance.now()
        if (bytes < Math.min(batchBytes, maxGathered()) && !isEnded) break
      }
      isWriting = false
      if (isEnded && bytes === 0) finish(ending)
    }
    const end = (error: unknown) => {
      if (isEnded) return
      isEnded = true
      ending = error
      write().catch(finish)
    }
    const stop = () => {
      isEnded = true
      stream.destroy()
      finish(null)
    }
    const ticking = setInterval(() => {
      const silentMs = isWriting ? 0 : performance.now() - heardAtMs
      if (bytes > 0) write().catch(finish)
      else if (silentMs > options.stallMs) {
        end(new FetchError(`“${options.host}” stopped sending.`, { isPassing: true }))
        stream.destroy()
      } else if (silentMs > options.stallMs / 3 && !isQuiet) {
        isQuiet = true
        options.onQuiet?.()
      }
    }, tickMs)

    stream.on('data', (chunk: Buffer) => {
      heardAtMs = performance.now()
      isQuiet = false
      chunks.push(chunk)
      bytes += chunk.length
      options.onArrival?.(chunk.length)
      if (bytes < Math.min(batchBytes, maxGathered())) return
      if (!isWriting) write().catch(finish)
      else if (bytes >= maxGathered()) stream.pause()
    })
    stream.on('end', () => end(options.isBroken() ? brokeOff(options.host) : null))
    stream.on('error', (error) =>
      end(errorCode(error) === 'ECONNRESET' ? brokeOff(options.host) : translateError(error, options.host)),
    )
    stream.on('close', () => {
      if (!isEnded) end(brokeOff(options.host))
    })
    if (stream.destroyed)
      end(stream.errored === null ? brokeOff(options.host) : translateError(stream.errored, options.host))
  })
}

/** The connection ended before the file did. */
export function brokeOff(host: string): FetchError {
  return new FetchError(`“${host}” closed the connection early.`, { isPassing: true })
}
