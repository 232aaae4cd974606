import { randomInt } from 'node:crypto'
import type { WebSocket } from 'ws'
import type { ItemId } from '../../../../shared/item.ts'
import type { Announcement } from '../client.ts'
import { toTransfer, type V2Transfer } from './transfers.ts'
import { WireMessage, WireTransfer } from './wire.ts'

/** What a socket depends on. */
export interface SocketOptions {
  url(): Promise<string>
  token: string
  onAnnouncement(announcement: Announcement): void
  onTransfer(news: TransferNews): void
  /** Called when the connection is made, and when it is lost. */
  onLive(isLive: boolean): void
  /** Called when the service does not accept the token. */
  onRefused(): void
}

const firstRetryMs = 1000
const maxRetryMs = 60_000
const pingEveryMs = 30_000
/** A connection that answers nothing for so long is dead. Source: API v2 §17. */
const silenceMs = 12_000
const handshakeMs = 10_000
/** A connection that lasts so long works. */
const steadyMs = 10_000
const maxMessageBytes = 4 * 1024 * 1024
/** The token is not accepted. Source: API v2 §17. */
const refusedCode = 4001

/**
 * Listens to what a service announces, and connects again whenever the connection is lost. What was missed meanwhile is unknown, so each
 * connect announces that everything may have changed. Source: API v2 §17.
 */
export class Socket {
  readonly #options: SocketOptions
  #socket: WebSocket | null = null
  #timer: ReturnType<typeof setTimeout> | null = null
  #retryMs = firstRetryMs
  #isStopped = false

  constructor(options: SocketOptions) {
    this.#options = options
    this.#connectAfter(0)
  }

  stop(): void {
    this.#isStopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#socket?.terminate()
  }

  #connectAfter(ms: number): void {
    if (this.#isStopped) return
    this.#timer = setTimeout(() => {
      this.#connect().catch(() => this.#retry())
    }, ms)
  }

  #retry(): void {
    const ms = this.#retryMs
    this.#retryMs = Math.min(ms * 2, maxRetryMs)
    this.#connectAfter(ms / 2 + randomInt(ms))
  }

  async #connect(): Promise<void> {
    // Loaded only where it is needed.
    const [{ WebSocket: Client }, url] = await Promise.all([import('ws'), this.#options.url()])
    if (this.#isStopped) return
    const socket = new Client(url, {
      headers: { 'putdesk-fields': '1', 'user-agent': 'Putdesk' },
      handshakeTimeout: handshakeMs,
      maxPayload: maxMessageBytes,
      followRedirects: false,
    })
    this.#socket = socket
    let isLive = false
    let openedAtMs = 0
    let lastHeardMs = performance.now()
    const ping = setInterval(() => {
      if (performance.now() - lastHeardMs > pingEveryMs + silenceMs) socket.terminate()
      else if (isLive) socket.ping()
    }, silenceMs)
    const heard = () => {
      lastHeardMs = performance.now()
    }
    socket.on('open', () => {
      if (this.#isStopped) return
      socket.send(this.#options.token)
      isLive = true
      openedAtMs = performance.now()
      heard()
      this.#options.onLive(true)
      this.#options.onAnnouncement({ what: 'everything' })
    })
    socket.on('pong', heard)
    socket.on('ping', heard)
    socket.on('message', (data) => {
      heard()
      const announced = this.#isStopped ? null : announcementIn(`${data}`)
      if (announced === null) return
      const { transfer, ...announcement } = announced
      if (transfer !== undefined) this.#options.onTransfer(transfer)
      this.#options.onAnnouncement(announcement)
    })
    // The close that follows says it all.
    socket.on('error', () => undefined)
    socket.on('close', (code) => {
      clearInterval(ping)
      // One that ends at once is no reason to try again at once.
      if (isLive && performance.now() - openedAtMs > steadyMs) this.#retryMs = firstRetryMs
      if (this.#socket === socket) this.#socket = null
      if (this.#isStopped) return
      if (isLive) this.#options.onLive(false)
      if (code === refusedCode) this.#options.onRefused()
      else this.#retry()
    })
  }
}

/** What a message says about a transfer; `row` is null if it is gone. */
export interface TransferNews {
  id: number
  row: V2Transfer | null
  /** Orders it among the answers of our own service; null elsewhere. */
  tick: number | null
}

/** What a message announces; null for what does not concern us, and for what cannot be read. Source: API v2 §17. */
export function announcementIn(message: string): (Announcement & { transfer?: TransferNews }) | null {
  const { data } = WireMessage.safeParse(parse(message))
  if (data === undefined || data.type === 'transfers_count') return null
  const { type, value } = data
  if (/^transfers?_/.test(type)) {
    const transfer = newsIn(type, value, data.putdesk?.tick ?? null)
    return transfer === null ? { what: 'transfers' } : { what: 'transfer', transfer }
  }
  if (type === 'user_update') return { what: 'account' }
  if (!/^file_(?:create|update|delete|move)$/.test(type)) return null
  const { id, parent_id: parentId, old_parent_id: oldParentId } = Object(value)
  return { what: 'items', folderIds: [parentId, oldParentId, id].filter(isItemId) }
}

/** Null if it has to be asked for what is new. */
function newsIn(type: string, value: unknown, tick: number | null): TransferNews | null {
  const { id } = Object(value)
  if (type === 'transfer_delete') return isItemId(id) ? { id, row: null, tick } : null
  if (type !== 'transfer_create' && type !== 'transfer_update') return null
  const { data } = WireTransfer.safeParse(value)
  // Some services announce only the fields that have changed.
  return data === undefined || data.status === null ? null : { id: data.id, row: toTransfer(data), tick }
}

function isItemId(id: unknown): id is ItemId {
  return typeof id === 'number' && Number.isSafeInteger(id) && id >= 0
}

function parse(message: string): unknown {
  try {
    return JSON.parse(message)
  } catch {
    return null
  }
}
