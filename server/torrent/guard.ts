import dgram from 'node:dgram'
import dns from 'node:dns'
import net from 'node:net'
import type { Gate } from '../../engine/net/gate.ts'
import { GateError } from '../../engine/net/gate.ts'
import { isBencode } from './bencode.ts'
import { createLookups } from './lookups.ts'

const rememberMs = 60_000
const maxRemembered = 10_000

interface GuardOptions {
  gate: Pick<Gate, 'admit'>
  /** The one address that may be listened on. */
  listen: { address: string; port: number }
}

type Lookup = (
  host: string,
  options: dns.LookupOptions,
  done: (error: NodeJS.ErrnoException | null, address: string | dns.LookupAddress[], family?: number) => void,
) => void

/**
 * Installs the gate in the primitives through which every module of this worker, including the built-in `fetch`, reaches the
 * network: TCP connections and datagrams go only to addresses that the gate admits, names are resolved here and never again,
 * servers listen only on the configured address, and datagrams are accepted only from addresses that one was sent to within the
 * last minute. A worker has its own copies of Node's modules, so nothing outside it changes.
 */
export function installGuard({ gate, listen }: GuardOptions): void {
  const isOpen = !isLoopback(listen.address)
  guardConnections(gate)
  guardServers(listen)
  guardDatagrams(gate, isOpen)
}

/** True for an address that only this computer can reach. */
export function isLoopback(address: string): boolean {
  return /^127\./.test(address) || address === '::1' || address === 'localhost'
}

function guardConnections(gate: GuardOptions['gate']): void {
  const connect = net.Socket.prototype.connect
  const guarded = function (this: net.Socket, ...args: unknown[]): net.Socket {
    const { options, done } = readConnect(args)
    const port = Number(options.port)
    const host = typeof options.host === 'string' && options.host !== '' ? options.host : 'localhost'
    const refuse = (error: unknown) => {
      process.nextTick(() => this.destroy(error instanceof Error ? error : new GateError('It was refused.')))
      return this
    }
    if (options.path !== undefined && options.path !== null)
      return refuse(new GateError('Only addresses can be reached.'))
    if (net.isIP(host) !== 0) {
      try {
        gate.admit({ address: host, port })
      } catch (error) {
        return refuse(error)
      }
    }
    const checked = { ...options, host, port, lookup: guardedLookup(gate, port) }
    return Reflect.apply(connect, this, done === null ? [checked] : [checked, done])
  }
  Reflect.set(net.Socket.prototype, 'connect', guarded)
}

/** Reads the arguments of `connect`: options, or port and host; Node itself passes either in one array. */
function readConnect(args: unknown[]): { options: Record<string, unknown>; done: unknown } {
  const [first, second, third] = Array.isArray(args[0]) ? args[0] : args
  if (isRecord(first)) return { options: first, done: typeof second === 'function' ? second : null }
  const done = [second, third].find((entry) => typeof entry === 'function') ?? null
  if (typeof first === 'string' && !/^\d+$/.test(first)) return { options: { path: first }, done }
  return { options: { port: first, host: typeof second === 'string' ? second : 'localhost' }, done }
}

const lookUpAll = createLookups(dns.promises.lookup)

/** Resolves a name for a connection. A single address that is not admitted refuses the name. */
function guardedLookup(gate: GuardOptions['gate'], port: number): Lookup {
  return (host, options, done) => {
    const answer = (answers: dns.LookupAddress[]) => {
      try {
        for (const { address } of answers) gate.admit({ address, port, host })
      } catch (refusal) {
        return done(refusal instanceof Error ? refusal : new GateError('It was refused.'), [])
      }
      const [first] = answers
      if (options.all === true) return done(null, answers)
      if (first === undefined) return done(new GateError(`The host “${host}” has no address.`), [])
      done(null, first.address, first.family)
    }
    const fail = (error: unknown) => done(error instanceof Error ? error : new GateError('It was refused.'), [])
    lookUpAll(host, options).then(answer, fail)
  }
}

function guardServers({ address }: GuardOptions['listen']): void {
  const listen = net.Server.prototype.listen
  Reflect.set(net.Server.prototype, 'listen', function (this: net.Server, port: unknown, ...rest: unknown[]) {
    if (typeof port !== 'number') throw new GateError('Servers listen on a port only.')
    const done = rest.find((entry) => typeof entry === 'function')
    return Reflect.apply(listen, this, [
      { host: address, port, exclusive: true },
      ...(done === undefined ? [] : [done]),
    ])
  })
}

function guardDatagrams(gate: GuardOptions['gate'], isOpen: boolean): void {
  const sentTo = new WeakMap<dgram.Socket, Map<string, number>>()
  const { send, emit } = dgram.Socket.prototype

  const guardedSend = function (this: dgram.Socket, ...args: unknown[]): void {
    const { message, port, host, done } = readSend(args)
    const fail = (error: unknown) => {
      const reason = error instanceof Error ? error : new GateError('It was refused.')
      process.nextTick(() => (typeof done === 'function' ? done(reason) : undefined))
    }
    const go = (address: string) => {
      try {
        gate.admit({ address, port, host })
        remember(sentTo, this, `${address}:${port}`)
        Reflect.apply(send, this, [message, port, address, ...(typeof done === 'function' ? [done] : [])])
      } catch (error) {
        fail(error)
      }
    }
    if (net.isIP(host) !== 0) {
      go(host)
      return
    }
    guardedLookup(gate, port)(host, { all: true }, (error, answers) => {
      // Datagrams are sent over IPv4 only; the other addresses were checked nevertheless.
      const answer = Array.isArray(answers) ? answers.find(({ family }) => family === 4) : undefined
      if (error || answer === undefined) return fail(error ?? new GateError(`The host “${host}” has no address.`))
      go(answer.address)
    })
  }
  Reflect.set(dgram.Socket.prototype, 'send', guardedSend)
  Reflect.set(dgram.Socket.prototype, 'connect', () => {
    throw new GateError('Datagrams are sent to addresses only.')
  })
  // A datagram that makes webtorrent's parsers throw must not end the worker, and bencoded ones are validated first.
  Reflect.set(dgram.Socket.prototype, 'emit', function (this: dgram.Socket, event: unknown, ...rest: unknown[]) {
    if (event !== 'message') return Reflect.apply(emit, this, [event, ...rest])
    const [message, from] = rest
    if (!(message instanceof Uint8Array) || !isRecord(from)) return false
    const isExpected = isRemembered(sentTo, this, `${from.address}:${from.port}`)
    if (!isExpected && !isOpen) return false
    const isBencoded = message[0] === 'd'.charCodeAt(0)
    if (isBencoded && !isBencode(message, { isWhole: true })) return false
    try {
      return Reflect.apply(emit, this, [event, ...rest])
    } catch {
      return false
    }
  })
}

/** Reads the arguments of `send`, with or without offset and length. */
function readSend(args: unknown[]): { message: Uint8Array; port: number; host: string; done: unknown } {
  const [body, second, third, fourth, fifth, sixth] = args
  // Node itself calls it again with a list once an unbound socket is bound.
  const parts = Array.isArray(body) ? body : [body]
  const bytes = Buffer.concat(parts.map((part) => (part instanceof Uint8Array ? part : Buffer.from(`${part}`))))
  const hasRange = typeof second === 'number' && typeof third === 'number'
  const [port, host, done] = hasRange ? [fourth, fifth, sixth] : [second, third, fourth]
  const message = hasRange ? bytes.subarray(second, second + third) : bytes
  const isNamed = typeof host === 'string' && host !== ''
  return {
    message,
    port: Number(port),
    host: isNamed ? host : '127.0.0.1',
    done: typeof host === 'function' ? host : done,
  }
}

type Sent = WeakMap<dgram.Socket, Map<string, number>>

function remember(sentTo: Sent, socket: dgram.Socket, target: string): void {
  const targets = sentTo.get(socket) ?? new Map<string, number>()
  sentTo.set(socket, targets)
  targets.delete(target)
  targets.set(target, performance.now())
  for (const [oldest, atMs] of targets) {
    if (targets.size <= maxRemembered && performance.now() - atMs < rememberMs) break
    targets.delete(oldest)
  }
}

function isRemembered(sentTo: Sent, socket: dgram.Socket, source: string): boolean {
  const atMs = sentTo.get(socket)?.get(source)
  return atMs !== undefined && performance.now() - atMs < rememberMs
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
