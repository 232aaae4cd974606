import type { IncomingMessage } from 'node:http'
import { errorCode, FetchError, translateFault } from './fetch-error.ts'

const batchBytes = 1024 * 1024
const maxGatheredBytes = 4 * batchBytes
const tickMs = 250

/**
 * Reads an answer's body in batches of about 1 MiB, or of what came in a quarter of a second. While a batch is being written
 * the next one gathers; then the sender is held back. What arrived before a fault is handed over before it rejects.
 */
export function readBody(
  response: IncomingMessage,
  options: { host: string; stallMs: number; onBatch: (chunks: Buffer[], bytes: number) => Promise<void> },
): Promise<void> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = []
    let bytes = 0
    let isWriting = false
    let isEnded = false
    let fault: unknown = null
    let heardAtMs = performance.now()

    const finish = (error: unknown) => {
      clearInterval(ticking)
      if (error !== null) {
        response.destroy()
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
        if (response.isPaused()) response.resume()
        await options.onBatch(batch, size)
        heardAtMs = performance.now()
        if (bytes < batchBytes && !isEnded) break
      }
      isWriting = false
      if (isEnded && bytes === 0) finish(fault)
    }
    const end = (error: unknown) => {
      if (isEnded) return
      isEnded = true
      fault = error
      write().catch(finish)
    }
    const ticking = setInterval(() => {
      if (bytes > 0) write().catch(finish)
      else if (!isWriting && performance.now() - heardAtMs > options.stallMs) {
        end(new FetchError(`“${options.host}” stopped sending.`, { isPassing: true }))
        response.destroy()
      }
    }, tickMs)

    response.on('data', (chunk: Buffer) => {
      heardAtMs = performance.now()
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes < batchBytes) return
      if (!isWriting) write().catch(finish)
      else if (bytes >= maxGatheredBytes) response.pause()
    })
    response.on('end', () => end(response.complete ? null : brokeOff(options.host)))
    response.on('error', (error) =>
      end(errorCode(error) === 'ECONNRESET' ? brokeOff(options.host) : translateFault(error, options.host)),
    )
    response.on('close', () => end(brokeOff(options.host)))
  })
}

function brokeOff(host: string): FetchError {
  return new FetchError(`“${host}” broke off before the end.`, { isPassing: true })
}
