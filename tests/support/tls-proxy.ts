import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { request as forward } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'

/** A proxy that speaks TLS in the name of hosts, and passes what is meant for them to a service on this computer. */
export interface TlsProxy {
  url: string
  /** The certificate of its authority, as a file. */
  authority: string
  /** The method and path of every request, in order. */
  requests: string[]
  stop: () => Promise<void>
}

/** Makes an authority and a certificate for these hosts in a folder, and starts the proxy. Other hosts are refused. */
export async function startTlsProxy(folder: string, hosts: readonly string[], target: () => string): Promise<TlsProxy> {
  const { authority, key, certificate } = makeCertificates(folder, hosts)
  const requests: string[] = []
  const tls = createTlsServer({ key, cert: certificate }, (request, response) => {
    requests.push(`${request.method} ${request.url}`)
    const { host, port } = new URL(target())
    const headers = { ...request.headers, host }
    const passed = forward(
      { host: '127.0.0.1', port, path: request.url, method: request.method, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
        answer.pipe(response)
      },
    )
    passed.on('error', () => response.destroy())
    response.on('error', () => passed.destroy())
    response.on('close', () => passed.destroy())
    request.pipe(passed)
  })
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.once('data', (head) => {
      const name = /^CONNECT ([^:\s]+):443 /.exec(head.toString('latin1'))?.[1] ?? ''
      if (!hosts.includes(name)) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      tls.emit('connection', socket)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    authority,
    requests,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function makeCertificates(folder: string, hosts: readonly string[]) {
  const path = (name: string) => join(folder, name)
  const openssl = (...words: string[]) => execFileSync('openssl', words, { stdio: 'ignore' })
  const keyFlags = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const authority = path('authority.pem')
  openssl(
    ...['req', '-x509', ...keyFlags, '-days', '2', '-subj', '/CN=An authority of a test'],
    ...['-addext', 'keyUsage=keyCertSign', '-keyout', path('authority.key'), '-out', authority],
  )
  openssl('req', ...keyFlags, '-subj', `/CN=${hosts[0]}`, '-keyout', path('host.key'), '-out', path('host.csr'))
  writeFileSync(path('names'), `subjectAltName=${hosts.map((host) => `DNS:${host}`).join(',')}\n`)
  openssl(
    ...['x509', '-req', '-in', path('host.csr'), '-CA', authority, '-CAkey', path('authority.key'), '-CAcreateserial'],
    ...['-days', '2', '-extfile', path('names'), '-out', path('host.pem')],
  )
  return { authority, key: readFileSync(path('host.key')), certificate: readFileSync(path('host.pem')) }
}
