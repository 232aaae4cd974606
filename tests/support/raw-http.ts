import { connect } from 'node:net'

/** Everything received over one connection until it was closed, with `head` and `body` of the first answer. */
export interface RawAnswer {
  /** 0 when nothing was received. */
  status: number
  head: string
  body: string
  all: string
}

/** Sends raw bytes, and returns what is received until the other side closes. */
export function sendRaw(port: number, bytes: string | Buffer, address = '127.0.0.1'): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = connect(port, address)
    let all = ''
    socket.on('data', (chunk) => {
      all += chunk.toString('latin1')
    })
    // A server may close the connection while the client still sends; what it sent before counts.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      const [head = '', ...rest] = all.replace('HTTP/1.1 100 Continue\r\n\r\n', '').split('\r\n\r\n')
      resolve({ status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0), head, body: rest.join('\r\n\r\n'), all })
    })
    socket.end(bytes)
  })
}

/** A POST of API v1 as bytes, with a form-encoded body. */
export function rawPost(target: string, body: string | Buffer, headers: readonly string[] = []): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'latin1') : body
  const head = [
    `POST ${target} HTTP/1.1`,
    'Host: api.put.io',
    'Connection: close',
    ...(headers.some((line) => /^content-type:/i.test(line))
      ? []
      : ['Content-Type: application/x-www-form-urlencoded']),
    ...headers,
    `Content-Length: ${bytes.length}`,
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes])
}
