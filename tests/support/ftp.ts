import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { listening } from './nginx.ts'

/** A real vsftpd that serves a folder anonymously on loopback. */
export interface Vsftpd {
  port: number
  url: (path: string) => string
  stop: () => Promise<void>
}

/** Makes a self-signed certificate for `localhost`; returns the path of a file with the certificate and its key. */
export function makeCertificate(folder: string): string {
  const path = join(folder, 'certificate.pem')
  const names = 'subjectAltName=DNS:localhost'
  const made = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', names]
  execFileSync('openssl', ['req', ...made, '-keyout', `${path}.key`, '-out', `${path}.crt`], { stdio: 'ignore' })
  execFileSync('sh', ['-c', 'cat "$1.key" "$1.crt" > "$1"', 'sh', path])
  return path
}

/** Starts vsftpd as a child in the foreground. Files lie in `<folder>/files`. With a certificate it speaks TLS from the start. */
export async function startVsftpd(folder: string, options: { certificate?: string } = {}): Promise<Vsftpd> {
  const port = await freePort()
  const root = join(folder, 'files')
  const empty = join(folder, 'empty')
  for (const place of [root, empty]) mkdirSync(place, { recursive: true })
  // vsftpd serves anonymous users as “ftp”, who must be able to enter the folder but not to write to it.
  for (const place of [folder, root, empty]) chmodSync(place, 0o555)
  chmodSync(folder, 0o755)
  const settings: Record<string, string | number> = {
    listen: 'YES',
    listen_address: '127.0.0.1',
    listen_port: port,
    background: 'NO',
    seccomp_sandbox: 'NO',
    anonymous_enable: 'YES',
    local_enable: 'NO',
    no_anon_password: 'YES',
    anon_root: root,
    secure_chroot_dir: empty,
    pasv_min_port: 30_000,
    pasv_max_port: 39_999,
    xferlog_enable: 'NO',
  }
  if (options.certificate !== undefined) {
    Object.assign(settings, {
      ssl_enable: 'YES',
      implicit_ssl: 'YES',
      allow_anon_ssl: 'YES',
      force_anon_data_ssl: 'YES',
      force_anon_logins_ssl: 'YES',
      rsa_cert_file: options.certificate,
    })
  }
  const config = join(folder, 'vsftpd.conf')
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  writeFileSync(config, `${lines.join('\n')}\n`)
  const child = spawn('/usr/sbin/vsftpd', [config], { stdio: 'ignore' })
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()))
  await listening(port)
  return {
    port,
    url: (path) => `${options.certificate === undefined ? 'ftp' : 'ftps'}://localhost:${port}${path}`,
    stop: () => {
      child.kill('SIGKILL')
      return gone
    },
  }
}

/** How a bad FTP server answers a command; null for the usual answer. */
type FtpLie = (command: string, argument: string) => string | null | 'hang up'

export interface BadFtp {
  port: number
  url: (path: string) => string
  /** Every command received, in order. */
  commands: string[]
  /** The number of data connections made to it. */
  dataConnections: () => number
  stop: () => Promise<void>
}

export interface BadFtpOptions {
  /** Called each time the file is needed, so that it may change. */
  bytes: () => Buffer
  changedAt?: () => string
  lie?: FtpLie
  /** Handles the data connection instead of sending everything from `start` on. Returns true if it did. */
  send?: (socket: Socket, start: number) => boolean
  /** The reply after the data. Default: `226 Done.`; none when empty. */
  last?: () => string
}

/** An FTP server on loopback with one file under every name, which misbehaves as configured. */
export async function startBadFtp(options: BadFtpOptions): Promise<BadFtp> {
  const commands: string[] = []
  const sockets = new Set<Socket>()
  let dataConnections = 0
  const control = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    let start = 0
    let data: { server: Server; connection: Promise<Socket> } | null = null
    const reply = (line: string) => void socket.write(`${line}\r\n`)
    const listenForData = async () => {
      const { promise: connection, resolve } = Promise.withResolvers<Socket>()
      const server = createServer((one) => {
        dataConnections += 1
        sockets.add(one)
        one.on('error', () => one.destroy())
        server.close()
        resolve(one)
      })
      await new Promise<void>((listens) => server.listen(0, '127.0.0.1', listens))
      data = { server, connection }
      const address = server.address()
      return typeof address === 'object' && address !== null ? address.port : 0
    }
    const retrieve = async () => {
      reply('150 Here it comes.')
      const connection = await data?.connection
      if (connection === undefined || options.send?.(connection, start) === true) return
      connection.end(options.bytes().subarray(start), () => {
        const last = options.last?.() ?? '226 Done.'
        if (last !== '') reply(last)
      })
    }
    const answers: Record<string, (argument: string) => void | Promise<void>> = {
      USER: () => reply('331 And the password?'),
      PASS: () => reply('230 Welcome.'),
      TYPE: () => reply('200 Fine.'),
      SIZE: () => reply(`213 ${options.bytes().length}`),
      MDTM: () => reply(`213 ${options.changedAt?.() ?? '20240102030405'}`),
      REST: (argument) => {
        start = Number(argument)
        reply('350 From there.')
      },
      EPSV: async () => reply(`229 Go on (|||${await listenForData()}|)`),
      PASV: async () => {
        const port = await listenForData()
        const [, host = '127,0,0,1'] = /^HOST (.*)$/.exec(options.lie?.('PASV HOST', '') ?? '') ?? []
        reply(`227 Go on (${host},${Math.floor(port / 256)},${port % 256}).`)
      },
      RETR: retrieve,
    }
    const hear = (line: string) => {
      const [, command = '', argument = ''] = /^(\S+) ?(.*)$/.exec(line) ?? []
      commands.push(line)
      const lie = options.lie?.(command, argument) ?? null
      if (lie === 'hang up') socket.destroy()
      else if (lie !== null) {
        if (lie !== '') reply(lie)
      } else Promise.resolve((answers[command] ?? (() => reply('502 What?')))(argument)).catch(() => socket.destroy())
    }
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      const lines = text.split('\r\n')
      text = lines.pop() ?? ''
      for (const line of lines) hear(line)
    })
    const greeting = options.lie?.('GREETING', '') ?? '220 Hello.'
    if (greeting !== '') reply(greeting)
  })
  await new Promise<void>((resolve) => control.listen(0, '127.0.0.1', resolve))
  const address = control.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    port: address.port,
    url: (path) => `ftp://127.0.0.1:${address.port}${path}`,
    commands,
    dataConnections: () => dataConnections,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => control.close(resolve))
    },
  }
}
