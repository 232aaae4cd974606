import { connect as connectSocket, isIP, type Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { type ConnectionOptions, connect as connectSecurely, TLSSocket } from 'node:tls'
import { Client } from 'basic-ftp'
import { FetchError, translateError } from '../fetch-error.ts'
import type { Gate } from '../net/gate.ts'
import { connectWithLargeReads } from '../net/large-read-socket.ts'
import { isRefusal, translateFtpError } from './ftp-errors.ts'
import type { FtpTarget } from './ftp-link.ts'

export interface FtpSessionOptions {
  gate: Gate
  /** How long to wait for each reply. */
  timeoutMs: number
  signal: AbortSignal
}

type Finished = (isSizeKnown: boolean) => Promise<void>

/** A control connection with a signed-in user, in binary mode. */
export class FtpSession {
  readonly #client: Client
  readonly #target: FtpTarget
  readonly #options: FtpSessionOptions
  readonly #address: string
  readonly #security: ConnectionOptions
  #data: Readable | null = null

  private constructor(target: FtpTarget, options: FtpSessionOptions, address: string) {
    this.#client = new Client(options.timeoutMs)
    // Names are sent as the bytes of the link, whatever their encoding: the server knows its own.
    this.#client.ftp.encoding = 'latin1'
    this.#target = target
    this.#options = options
    this.#address = address
    this.#security = isIP(target.host) === 0 ? { servername: target.host } : { host: address }
  }

  /** Connects to an address that the gate checked, and signs in. */
  static async open(target: FtpTarget, options: FtpSessionOptions): Promise<FtpSession> {
    const addresses = await options.gate.check(target.url).catch((error: unknown) => {
      throw translateError(error, target.host)
    })
    options.signal.throwIfAborted()
    const [first] = addresses
    if (first === undefined) throw new FetchError(`The host “${target.host}” has no address.`)
    const session = new FtpSession(target, options, first.address)
    try {
      await session.#signIn()
      return session
    } catch (error) {
      session.close()
      throw error
    }
  }

  async #signIn(): Promise<void> {
    const { host, isSecure, user, password, url, isUtf8 } = this.#target
    this.#options.signal.addEventListener('abort', this.close, { once: true })
    await this.#try(async () => {
      const client = this.#client
      if (isSecure) await client.connectImplicitTLS(this.#address, Number(url.port || 990), { ...this.#security })
      else await client.connect(this.#address, Number(url.port || 21))
      await client.login(user, password)
      await client.send('TYPE I')
      if (isUtf8) await client.sendIgnoringError('OPTS UTF8 ON')
    })
    if (!isSecure) return
    await this.#try(() => this.#client.send('PBSZ 0'))
    const isPrivate = await this.askOrNull('PROT P')
    if (isPrivate === null)
      throw new FetchError(`“${host}” does not protect the files it sends, so nothing was fetched.`)
  }

  /** Sends a command; null when the server rejects it permanently. */
  async askOrNull(command: string): Promise<string | null> {
    try {
      return await this.ask(command)
    } catch (error) {
      if (isRefusal(error)) return null
      throw error
    }
  }

  /** Sends a command and returns the server's reply. */
  ask(command: string): Promise<string> {
    return this.#try(async () => (await this.#client.send(command)).message)
  }

  /**
   * The size of the file in bytes, or null when the server does not report it; many refuse that for files that they do deliver.
   */
  async size(): Promise<number | null> {
    const reply = (await this.askOrNull(`SIZE ${this.#target.path}`)) ?? ''
    const size = Number(/^213 (\d+)\s*$/.exec(reply)?.[1] ?? Number.NaN)
    return Number.isSafeInteger(size) ? size : null
  }

  /** The modification time as the server writes it, or null. Source: RFC 3659 §3. */
  async changedAt(): Promise<string | null> {
    const reply = await this.askOrNull(`MDTM ${this.#target.path}`)
    return /^213 (\d{14}(?:\.\d+)?)\s*$/.exec(reply ?? '')?.[1] ?? null
  }

  /**
   * Starts to fetch the file at `wanted`, or at its beginning where the server cannot do that. The data connection goes to the
   * address of the control connection, whatever the server says, and the gate is asked for its port. `finished` resolves when the
   * server confirms that everything was sent; where the size is known, silence counts as confirmation.
   */
  async retrieve(wanted: number): Promise<{ stream: Readable; start: number; finished: Finished }> {
    const stream = await this.#openData()
    const start = wanted > 0 && (await this.askOrNull(`REST ${wanted}`)) !== null ? wanted : 0
    const begun = Promise.withResolvers<void>()
    const done = this.#try(() =>
      this.#client.ftp.handle(`RETR ${this.#target.path}`, (answer, task) => {
        if (answer instanceof Error) task.reject(answer)
        else if (answer.code === 125 || answer.code === 150) {
          // From now on the control connection is silent for as long as the transfer takes.
          this.#client.ftp.socket.setTimeout(0)
          begun.resolve()
        } else if (answer.code >= 200 && answer.code < 300) task.resolve(answer)
        else if (answer.code >= 300) task.reject(new Error('an answer that makes no sense here'))
      }),
    )
    done.then(begun.resolve, (error: unknown) => {
      begun.reject(error)
      stream.destroy(error instanceof Error ? error : undefined)
    })
    await begun.promise
    return { stream, start, finished: (isSizeKnown) => this.#finished(done, isSizeKnown) }
  }

  async #finished(done: Promise<unknown>, isSizeKnown: boolean): Promise<void> {
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(() => {
      if (isSizeKnown) late.resolve()
      else late.reject(new FetchError(`“${this.#target.host}” does not say whether that was all.`, { isPassing: true }))
    }, this.#options.timeoutMs)
    try {
      await Promise.race([done, late.promise])
    } finally {
      clearTimeout(timer)
    }
  }

  async #openData(): Promise<Readable> {
    const { host } = this.#target
    const port = await this.#passivePort()
    const target = { address: this.#address, port, host }
    this.#options.gate.admit(target)
    const { socket: plain, stream } = this.#target.isSecure
      ? narrow({ host: this.#address, port })
      : connectWithLargeReads({ host: this.#address, port })
    // Readers of the stream receive its errors; until there is one, they must not end the program.
    for (const one of [plain, stream]) one.on('error', () => undefined)
    plain.setTimeout(this.#options.timeoutMs, () => {
      plain.destroy(new FetchError(`“${host}” does not open a connection for the file.`, { isPassing: true }))
    })
    // From now on an abort ends it too.
    this.#data = stream
    await this.#try(() => connected(plain))
    plain.setTimeout(0)
    if (!this.#target.isSecure) return stream
    const { socket } = this.#client.ftp
    const session = socket instanceof TLSSocket ? (this.#client.ftp.tlsSessionStore ?? socket.getSession()) : undefined
    const secure = connectSecurely({ ...this.#security, socket: plain, ...(session === undefined ? {} : { session }) })
    secure.on('error', () => undefined)
    this.#data = secure
    return secure
  }

  /** EPSV names only a port, and only the port of a PASV reply is used. Source: RFC 2428 §3. */
  async #passivePort(): Promise<number> {
    const { host } = this.#target
    const extended = /\((.)\1\1(\d{1,5})\1\)/.exec((await this.askOrNull('EPSV')) ?? '')?.[2]
    if (extended !== undefined) return portOf(Number(extended), host)
    const [, high, low] = /(?:\d{1,3},){4}(\d{1,3}),(\d{1,3})/.exec(await this.ask('PASV')) ?? []
    return portOf(high === undefined ? 0 : Number(high) * 256 + Number(low), host)
  }

  /** Ends both connections. */
  readonly close = (): void => {
    this.#options.signal.removeEventListener('abort', this.close)
    this.#data?.destroy()
    this.#client.close()
  }

  async #try<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act()
    } catch (error) {
      this.#options.signal.throwIfAborted()
      throw translateFtpError(error, this.#target.host)
    }
  }
}

function narrow(target: { host: string; port: number }): { socket: Socket; stream: Readable } {
  const socket = connectSocket(target)
  return { socket, stream: socket }
}

function portOf(port: number, host: string): number {
  if (port >= 1 && port <= 65_535) return port
  throw new FetchError(`“${host}” does not open a connection for the file.`)
}

/** Resolves when the socket is connected; rejects when it closes first. */
function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('The connection was closed.')))
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve()
    })
  })
}
