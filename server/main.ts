import { createGate } from '../engine/net/gate.ts'
import { isLoopback } from './api/host-names.ts'
import { listen } from './api/listen.ts'
import { openCores } from './core/core.ts'
import { DataFolderError } from './core/data/folder-error.ts'
import { createHosters } from './core/transfers/hosters.ts'
import { logError, redact } from './log/log.ts'
import { keepSecret } from './log/secrets.ts'
import { type Options, readOptions } from './options.ts'
import { connectToParent, type ParentSettings } from './parent.ts'
import { UsageError } from './raw-options.ts'
import type { TorrentEngine } from './torrent/engine.ts'
import type { TorrentLimits } from './torrent/messages.ts'

const stopWithinMs = 4500

// Limits name lookups to half of these threads, so that a few unanswered ones do not hold up everything else. Read when the first
// thread starts. Source: libuv, "Thread pool work scheduling".
process.env.UV_THREADPOOL_SIZE ??= '8'

// Node reads the title when it starts a thread, and crashes when that of the console is empty. Source: nodejs/node, issue 58695.
if (process.platform === 'win32') process.title = 'Putdesk service'

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  const parent = options.users === null ? connectToParent() : null
  const gate = createGate({ allowHosts: options.allowHosts })
  const hosters = createHosters({ accounts: options.hosterAccounts, extraHosts: options.paidHosts })
  let allowed = options.allowHosts
  let torrents: Promise<TorrentEngine> | null = null
  const { downloadLimit, uploadLimit } = options.torrents
  let limits: TorrentLimits = { downloadLimit, uploadLimit }
  let { trashDays } = options
  const apply = async ({ allowHosts, hosters: accounts, torrentLimits, trashDays: days }: ParentSettings) => {
    for (const { user, password, cookie } of accounts ?? []) keepSecret(password, cookie, `${user}:${password}`)
    if (accounts !== undefined) hosters.setAccounts([...options.hosterAccounts, ...accounts])
    if (allowHosts !== undefined) allowed = [...options.allowHosts, ...allowHosts]
    limits = torrentLimits ?? limits
    trashDays = days ?? trashDays
    gate.allow(allowed)
    const engine = await torrents
    engine?.allow(allowed)
    engine?.limit(limits)
  }
  const started = await parent?.started
  if (started !== undefined) await apply(started.settings)
  parent?.onSettings((settings) => {
    apply(settings).catch(logError)
  })
  for (const { user, password, cookie } of options.hosterAccounts) keepSecret(password, cookie, `${user}:${password}`)
  const users = options.users ?? (started === undefined ? [] : [{ ...started.credentials, ...options.limits }])
  for (const { key, secret, user, password, appToken } of users)
    keepSecret(key, secret, password, appToken, `${user}:${password}`)

  const send = (message: object) => {
    process.stdout.write(`${JSON.stringify(message)}\n`)
    parent?.send(message)
  }
  const open = () => {
    const { folder, load } = options
    const openTorrents = () => {
      torrents = makeTorrents({ ...options.torrents, ...limits }, allowed)
      return torrents
    }
    try {
      const opening = { folder, users, gate, hosters, load, openTorrents, trashDays: () => trashDays }
      return openCores({ ...opening, report: logError })
    } catch (error) {
      if (parent !== null && error instanceof DataFolderError) send({ ready: false, reason: error.message })
      throw error
    }
  }
  const cores = open()
  keepSecret(...cores.users.map(({ account }) => account.token))
  const { listen: address } = options
  const service = await listen(cores, { ...options, address, isOpen: !isLoopback(address) })
  const stop = async () => {
    setTimeout(() => process.exit(1), stopWithinMs).unref()
    await service.close()
    await cores.close()
    process.exit(0)
  }
  let isStopping = false
  const stopOnce = () => {
    if (!isStopping) stop().catch(die)
    isStopping = true
  }
  process.once('SIGTERM', stopOnce)
  process.once('SIGINT', stopOnce)
  parent?.closed.then(stopOnce).catch(die)

  const { port, url } = service
  send({ ready: true, port, url, ...(cores.notice !== null && { notice: cores.notice }) })
  await cores.start()
}

/** The torrent engine is loaded with the first torrent: it is most of the program. */
async function makeTorrents(torrents: Options['torrents'], allowHosts: string[]): Promise<TorrentEngine> {
  const { createTorrentEngine } = await import('./torrent/engine.ts')
  const { dhtBootstrap, ...rest } = torrents
  const dht = dhtBootstrap === null ? (false as const) : { bootstrap: dhtBootstrap }
  return createTorrentEngine({ ...rest, dht, allowHosts, report: logError })
}

function die(error: unknown): void {
  if (error instanceof UsageError || error instanceof DataFolderError) {
    process.stderr.write(`${redact(error.message)}\n`)
    process.exit(error instanceof UsageError ? 2 : 1)
  }
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'EADDRINUSE') process.stderr.write('The port is already used by another program.\n')
  else if (code === 'EADDRNOTAVAIL') process.stderr.write('This computer does not have the address to listen on.\n')
  else logError(error)
  process.exit(1)
}

// By default, Node would write the error unredacted.
process.on('uncaughtException', die)
main().catch(die)
