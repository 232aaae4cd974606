import { open } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from '../support/free-port.ts'

/** A web server with one file that sends at the rate of two gigabit lines, and counts what it sends. */
export interface CountingServer {
  url: string
  /** Bytes of the file handed to the network since the last `forget`. */
  sentBytes: () => number
  /** When the first of them was sent, or null. */
  firstSentAt: () => number | null
  /** The number of requests for bytes. */
  requests: () => number
  forget: () => void
  /** Resolves when this many bytes were sent, and sends no more until the next `forget`. */
  sent: (bytes: number) => Promise<void>
  stop: () => Promise<void>
}

const stepBytes = 256 * 1024
const bytesPerSecond = 2 ** 28

export async function startCountingServer(path: string, sizeBytes: number): Promise<CountingServer> {
  const file = await open(path)
  let sentBytes = 0
  let requests = 0
  let firstSentAt: number | null = null
  let isHeld = false
  let wanted: { bytes: number; resolve: () => void } | null = null
  const count = (bytes: number) => {
    firstSentAt ??= performance.now()
    sentBytes += bytes
    if (wanted === null || sentBytes < wanted.bytes) return
    isHeld = true
    wanted.resolve()
  }
  const send = async (response: ServerResponse, start: number) => {
    const startedAt = performance.now()
    for (let at = start; at < sizeBytes && !response.destroyed; at += stepBytes) {
      const step = Buffer.alloc(Math.min(stepBytes, sizeBytes - at))
      await file.read(step, 0, step.length, at)
      if (!(await write(response, step))) return
      count(step.length)
      if (isHeld) return
      const aheadMs = ((at - start) / bytesPerSecond) * 1000 - (performance.now() - startedAt)
      if (aheadMs > 1) await wait(aheadMs)
    }
    response.end()
  }
  const server = createServer((request, response) => {
    response.on('error', () => response.destroy())
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    const start = Number(range?.[1] ?? 0)
    response.setHeader('etag', '"the same"')
    response.setHeader('accept-ranges', 'bytes')
    response.setHeader('content-length', sizeBytes - start)
    if (range !== null) response.setHeader('content-range', `bytes ${start}-${sizeBytes - 1}/${sizeBytes}`)
    response.writeHead(range === null ? 200 : 206)
    if (request.method === 'HEAD') response.end()
    else {
      requests += 1
      send(response, start).catch(() => response.destroy())
    }
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${port}/source.bin`,
    sentBytes: () => sentBytes,
    firstSentAt: () => firstSentAt,
    requests: () => requests,
    forget: () => {
      sentBytes = 0
      requests = 0
      firstSentAt = null
      wanted = null
      isHeld = false
    },
    sent: (bytes) =>
      new Promise((resolve) => {
        wanted = { bytes, resolve }
      }),
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await file.close()
    },
  }
}

/** Resolves with whether the bytes were sent. */
function write(response: ServerResponse, bytes: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    const onClose = () => resolve(false)
    response.once('close', onClose)
    response.write(bytes, (error) => {
      response.off('close', onClose)
      resolve(error === null || error === undefined)
    })
  })
}
