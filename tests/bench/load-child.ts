import { openSync, readSync } from 'node:fs'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { percentile } from './measure.ts'

// A client that makes many requests to one server over persistent connections, and does nothing else, so that the server is what
// is measured. It takes one command: the address, the number of connections, the number of requests in all, and what to request.

/** What to request: the same each time, or random ranges of the file at `path`, with which every 64th answer is compared. */
export interface Load {
  port: number
  connections: number
  requests: number
  request: string
  /** The expected body, or the file and the length of the ranges. */
  expected: { body: string } | { path: string; sizeBytes: number; rangeBytes: number }
}

createInterface(process.stdin).on('line', (line) => {
  const load: Load = JSON.parse(line)
  run(load).then(
    (result) => process.stdout.write(`${JSON.stringify(result)}\n`),
    (error) => process.stdout.write(`${JSON.stringify({ error: `${error}` })}\n`),
  )
})

async function run(load: Load) {
  let left = load.requests
  const latencies: number[] = []
  const take = () => left-- > 0
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: load.connections }, () => askAgain(load, take, latencies)))
  return { wallMs: performance.now() - startedAt, p50Ms: percentile(latencies, 50), p99Ms: percentile(latencies, 99) }
}

/** One connection that sends the next request as soon as it has an answer. */
function askAgain(load: Load, take: () => boolean, latencies: number[]): Promise<void> {
  const { expected } = load
  const wantedBytes = 'body' in expected ? Buffer.byteLength(expected.body) : expected.rangeBytes
  const file = 'path' in expected ? openSync(expected.path, 'r') : null
  const whole = Buffer.alloc('body' in expected ? wantedBytes : expected.rangeBytes)
  if ('body' in expected) whole.write(expected.body)
  return new Promise((resolve, reject) => {
    const socket = connect({ port: load.port, host: '127.0.0.1', noDelay: true })
    let head = Buffer.alloc(0)
    let bodyBytes = -1
    let kept: Buffer[] = []
    let isChecked = false
    let start = 0
    let askedAt = 0
    let count = 0
    const ask = () => {
      if (!take()) {
        socket.end()
        resolve()
        return
      }
      isChecked = count++ % 64 === 0
      head = Buffer.alloc(0)
      bodyBytes = -1
      kept = []
      let text = load.request
      if ('path' in expected) {
        start = Math.floor(Math.random() * (expected.sizeBytes - expected.rangeBytes))
        text = text.replace('RANGE', `bytes=${start}-${start + expected.rangeBytes - 1}`)
      }
      askedAt = performance.now()
      socket.write(text)
    }
    const onBody = (bytes: Buffer) => {
      bodyBytes += bytes.length
      if (isChecked) kept.push(bytes)
      if (bodyBytes < wantedBytes) return
      latencies.push(performance.now() - askedAt)
      if (isChecked) {
        if (file !== null) readSync(file, whole, 0, whole.length, start)
        if (bodyBytes > wantedBytes || !Buffer.concat(kept).equals(whole)) {
          socket.destroy(new Error('the server answered with other bytes'))
          return
        }
      }
      ask()
    }
    socket.on('data', (bytes) => {
      if (bodyBytes >= 0) {
        onBody(bytes)
        return
      }
      head = head.length === 0 ? bytes : Buffer.concat([head, bytes])
      const end = head.indexOf('\r\n\r\n')
      if (end === -1) return
      const lines = head.toString('latin1', 0, end)
      const length = /^content-length: (\d+)$/im.exec(lines)?.[1]
      if (!/^HTTP\/1\.1 20[06] /.test(lines) || Number(length) !== wantedBytes) {
        socket.destroy(new Error(`the server answered: ${lines}`))
        return
      }
      bodyBytes = 0
      onBody(head.subarray(end + 4))
    })
    socket.once('connect', ask)
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the server hung up')))
  })
}
