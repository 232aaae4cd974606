import { randomBytes } from 'node:crypto'
import dgram from 'node:dgram'
import { type Bencoded, decodeBencode } from './bencode.ts'

const waitMs = 5000
const connectMagic = Buffer.from('0000041727101980', 'hex')

/** How many peers have all of a torrent, and how many are still downloading it. */
export interface Swarm {
  seeds: number
  peers: number
}

/**
 * Asks trackers how many peers a torrent has. Returns the highest counts, or null if no tracker responds within five seconds. A scrape
 * does not announce us as a peer. Source: BEP 15, BEP 48.
 */
export async function scrape(
  infoHash: string,
  trackers: readonly string[],
  signal: AbortSignal,
): Promise<Swarm | null> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(waitMs)])
  const answers = await Promise.all(
    trackers.map((tracker) => {
      const response = /^udp:/i.test(tracker)
        ? scrapeUdp(infoHash, tracker, limited)
        : scrapeHttp(infoHash, tracker, limited)
      // A tracker that fails or responds with garbage does not count.
      return response.catch(() => null)
    }),
  )
  const known = answers.filter((answer) => answer !== null)
  if (known.length === 0) return null
  return { seeds: Math.max(...known.map(({ seeds }) => seeds)), peers: Math.max(...known.map(({ peers }) => peers)) }
}

async function scrapeHttp(infoHash: string, tracker: string, signal: AbortSignal): Promise<Swarm | null> {
  const url = new URL(tracker)
  const match = /^(.*\/)announce([^/]*)$/.exec(url.pathname)
  if (match === null) return null
  url.pathname = `${match[1]}scrape${match[2]}`
  const hash = infoHash.replace(/../g, '%$&')
  const response = await fetch(`${url.href}${url.search === '' ? '?' : '&'}info_hash=${hash}`, { signal })
  const { value } = decodeBencode(new Uint8Array(await response.arrayBuffer()))
  const files = value instanceof Map ? value.get('files') : null
  // Only one was requested, and not every tracker writes the bytes of its hash unchanged.
  const [file] = files instanceof Map ? [...files.values()] : []
  if (!(file instanceof Map)) return null
  return { seeds: count(file.get('complete')), peers: count(file.get('incomplete')) }
}

async function scrapeUdp(infoHash: string, tracker: string, signal: AbortSignal): Promise<Swarm | null> {
  const url = new URL(tracker)
  const [host, port] = [url.hostname.replace(/^\[|\]$/g, ''), Number(url.port || 80)]
  const socket = dgram.createSocket('udp4')
  try {
    const connected = await exchange(socket, {
      host,
      port,
      signal,
      head: connectMagic,
      action: 0,
      body: Buffer.alloc(0),
    })
    const head = connected.subarray(8, 16)
    const body = Buffer.from(infoHash, 'hex')
    const answer = await exchange(socket, { host, port, signal, head, action: 2, body })
    return { seeds: answer.readUInt32BE(8), peers: answer.readUInt32BE(16) }
  } finally {
    socket.close()
  }
}

interface UdpRequest {
  host: string
  port: number
  signal: AbortSignal
  head: Buffer
  action: number
  body: Buffer
}

function exchange(socket: dgram.Socket, request: UdpRequest): Promise<Buffer> {
  const { host, port, signal, head, action, body } = request
  const id = randomBytes(4)
  const actionBytes = Buffer.from([0, 0, 0, action])
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new Error('it did not answer'))
    const onMessage = (answer: Buffer) => {
      if (answer.length < 16 || !answer.subarray(4, 8).equals(id) || answer.readUInt32BE(0) !== action) return
      socket.off('message', onMessage)
      resolve(answer)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    socket.on('message', onMessage)
    socket.once('error', reject)
    socket.send(Buffer.concat([head, actionBytes, id, body]), port, host, (error) =>
      error ? reject(error) : undefined,
    )
    if (signal.aborted) onAbort()
  })
}

function count(value: Bencoded | undefined): number {
  return typeof value === 'number' && value >= 0 ? value : 0
}
