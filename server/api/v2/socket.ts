import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import type { Core, Cores } from '../../core/core.ts'
import type { ItemChange, ItemWatch } from '../../core/space/item-watch.ts'
import type { FinishedTransfer } from '../../core/transfers/transfer-rows.ts'
import type { Attempts } from '../attempts.ts'
import { callerOf, extensions } from './access.ts'
import { accountWire } from './account.ts'
import { fileWire } from './file-wire.ts'
import { finishedWire, transferWire } from './transfer-wire.ts'

/** What the socket of a service depends on. */
interface SocketOptions {
  cores: Cores
  attempts: Attempts
}

/** A client's connection request, which is known to come from no strange page. */
export interface Upgrade {
  request: IncomingMessage
  socket: Duplex
  head: Buffer
  /** The caller, as attempts are counted. */
  caller: string
  base: string
}

/** How often clients hear of changes. */
const tickMs = 250
const signInWithinMs = 10_000
const maxClients = 100
/** The token is not accepted. Source: API v2 §17. */
const refusedCode = 4001
/** A client that does not read is disconnected. It asks for everything when it is back. */
const maxUnsentBytes = 4 * 1024 * 1024

interface Client {
  socket: WebSocket
  core: Core
  base: string
  /** True for our own client, which asks for fields that API v2 does not have. */
  isExtended: boolean
  tokenId: number
  readToken: string
  /** What it was told last of each transfer, as a text that changes with it. */
  transfers: Map<number, string>
  /** No newer transfer than this one was announced. */
  newestId: number
  account: string
}

/** Announces changes of items, transfers and the account to clients that listen. Nothing is watched while there are none. */
export function createSocket({ cores, attempts }: SocketOptions): { accept(upgrade: Upgrade): void; close(): void } {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: 4096,
    perMessageDeflate: false,
    clientTracking: true,
  })
  const clients = new Set<Client>()
  let watch: ItemWatch | null = null
  let timer: NodeJS.Timeout | null = null
  const tick = () => {
    const changes = watch?.take() ?? []
    cores.ticks.count += 1
    for (const client of clients) {
      try {
        // 0 is the app that started the service.
        if (client.tokenId !== 0 && !cores.tokens.has(client.tokenId)) {
          client.socket.close(refusedCode)
          continue
        }
        tell(client, changes, cores.ticks.count)
      } catch (error) {
        // One client must not keep the others from hearing.
        cores.report(error)
        client.socket.terminate()
      }
    }
  }
  const add = (client: Client) => {
    clients.add(client)
    watch ??= cores.watchItems()
    timer ??= setInterval(tick, tickMs)
  }
  const remove = (client: Client) => {
    clients.delete(client)
    if (clients.size > 0) return
    if (timer !== null) clearInterval(timer)
    watch?.stop()
    timer = null
    watch = null
  }
  const begin = (socket: WebSocket, { caller, base, request }: Upgrade) => {
    const { isExtended } = extensions(request)
    const late = setTimeout(() => socket.close(refusedCode), signInWithinMs)
    socket.on('error', () => socket.terminate())
    socket.on('close', () => clearTimeout(late))
    socket.once('message', (data) => {
      clearTimeout(late)
      const found = callerOf(cores, tokenIn(`${data}`))
      if (found === null || found.scope !== 'default') {
        attempts.fail(caller)
        socket.close(refusedCode)
        return
      }
      const { core } = found
      const client = {
        socket,
        core,
        base,
        isExtended,
        tokenId: found.tokenId,
        readToken: found.readToken,
        transfers: transferKeys(core),
        newestId: core.transfers.newestId(),
        account: accountKey(core),
      }
      add(client)
      socket.on('close', () => remove(client))
    })
  }
  return {
    accept: (upgrade) => {
      const { request, socket, head } = upgrade
      if (server.clients.size >= maxClients) {
        socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n')
        return
      }
      server.handleUpgrade(request, socket, head, (client) => begin(client, upgrade))
    },
    close: () => {
      if (timer !== null) clearInterval(timer)
      for (const client of server.clients) client.terminate()
      server.close()
    },
  }
}

/** The bare token, or a list with it as SockJS clients send it. */
function tokenIn(message: string): string {
  const inList = /^\s*\[\s*"([^"\\]{1,200})"\s*\]\s*$/.exec(message)?.[1]
  return inList ?? message.trim()
}

function tell(client: Client, changes: readonly ItemChange[], tick: number): void {
  const { socket, core } = client
  if (socket.readyState !== WebSocket.OPEN) return
  if (socket.bufferedAmount > maxUnsentBytes) {
    socket.terminate()
    return
  }
  const extra = client.isExtended ? { putdesk: { tick } } : {}
  const send = (type: string, value: unknown) => socket.send(JSON.stringify({ type, value, ...extra }))
  for (const change of changes) if (change.userId === core.account.userId) send(...itemMessage(client, change))
  const context = { core, isExtended: client.isExtended }
  const rows = transferKeys(core)
  for (const transfer of core.transfers.list()) {
    const before = client.transfers.get(transfer.id)
    if (before === rows.get(transfer.id)) continue
    send(before === undefined ? 'transfer_create' : 'transfer_update', transferWire(context, transfer))
  }
  const gone = [...client.transfers.keys()].filter((id) => !rows.has(id))
  const newestId = core.transfers.newestId()
  const finished = gone.length === 0 && newestId === client.newestId ? [] : core.transfers.finished()
  // Some begin and end between two ticks.
  for (const { id } of finished) if (id > client.newestId && !client.transfers.has(id)) gone.push(id)
  client.newestId = newestId
  for (const id of gone) {
    const transfer = finished.find((one) => one.id === id)
    if (transfer === undefined) send('transfer_delete', { id })
    else send('transfer_update', finishedWire(context, withNotice(core, transfer)))
  }
  if (rows.size !== client.transfers.size) send('transfers_count', rows.size)
  client.transfers = rows
  const account = accountKey(core)
  if (account !== client.account) send('user_update', JSON.parse(account))
  client.account = account
}

/** A short text for each active transfer that changes when what is shown of it does: writing all of them at each tick would take long. */
function transferKeys(core: Core): Map<number, string> {
  return new Map(
    core.transfers.list().map((transfer) => {
      const { id, name, status, stage, reason, failure, folderId, resultId, links } = transfer
      const { sizeBytes, downloadedBytes, uploadedBytes, bytesPerSecond, peers, percentUnpacked } = transfer
      const figures = [sizeBytes, downloadedBytes, uploadedBytes, bytesPerSecond, peers, percentUnpacked]
      const texts = [name, status, stage, reason, failure, folderId, resultId, links.length]
      return [id, [...texts, ...figures, core.transfers.files.canPlay(transfer)].join('|')]
    }),
  )
}

function withNotice(core: Core, transfer: FinishedTransfer): FinishedTransfer {
  return { ...transfer, note: core.messages.noticesOnTransfers().get(transfer.id) ?? transfer.note }
}

const types = { created: 'file_create', changed: 'file_update', moved: 'file_move', deleted: 'file_delete' } as const

function itemMessage(
  { core, base, readToken }: Client,
  { id, what, folderIds }: ItemChange,
): [type: string, value: unknown] {
  const [parentId = 0, newParentId = parentId] = folderIds
  const place = { id, parent_id: newParentId, ...(what === 'moved' && { old_parent_id: parentId }) }
  if (what === 'deleted' || !core.space.has(id) || id === 0) return [types[what], place]
  const owner = { id: core.account.userId, friend: null }
  return [
    types[what],
    { ...fileWire({ core, base, readToken, isExtended: false }, core.space.details.get(id), owner), ...place },
  ]
}

/** The fields of the account that change by themselves. */
function accountKey(core: Core): string {
  return JSON.stringify(accountWire(core))
}
