import type { IncomingMessage } from 'node:http'
import { inTurn } from './in-turn.ts'

const maxBodyBytes = 4 * 1024 * 1024
/** How much of a larger body is still read, so that its sender gets the response. */
const maxDroppedBytes = 64 * 1024 * 1024
const smallBytes = 64 * 1024
/** How much memory all larger bodies in flight may take together. */
const maxHeldBytes = 64 * 1024 * 1024
let heldBytes = 0

/** Reads the raw body, or tells why it was not read. Rejects when the client disconnects. */
export function readBody(request: IncomingMessage): Promise<Buffer | 'too-large' | 'busy'> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = []
    let length = 0
    let held = 0
    const drop = () => {
      chunks = []
      heldBytes -= held
      held = 0
    }
    let failure: 'too-large' | 'busy' | null = null
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > smallBytes) {
        // Others are served between two pieces of a large body.
        request.pause()
        setImmediate(() => request.resume())
      }
      if (length > maxDroppedBytes) return resolve(failure ?? 'too-large')
      if (failure !== null) return
      chunks.push(chunk)
      if (length <= smallBytes) return
      heldBytes += length - held
      held = length
      if (length <= maxBodyBytes && heldBytes <= maxHeldBytes) return
      failure = length > maxBodyBytes ? 'too-large' : 'busy'
      drop()
    })
    request.on('end', () => {
      if (failure !== null) resolve(failure)
      else if (length <= smallBytes) resolve(Buffer.concat(chunks))
      else
        inTurn(() => Buffer.concat(chunks))
          .then(resolve, reject)
          .finally(drop)
    })
    request.on('error', reject)
    request.on('close', () => {
      if (request.complete) return
      drop()
      reject(new Error('The client went away.'))
    })
  })
}

/** True when the announced length is larger than the limit. */
export function isTooLarge({ headers }: IncomingMessage): boolean {
  return Number(headers['content-length'] ?? 0) > maxBodyBytes
}
