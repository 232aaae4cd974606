import { parentPort, workerData } from 'node:worker_threads'
import { createGate } from '../../engine/net/gate.ts'
import { installGuard } from './guard.ts'
import { boundFetch } from './guarded-fetch.ts'
import { boundTimers } from './guarded-timers.ts'
import type { FromWorker, ToWorker, WorkerOptions } from './messages.ts'
import { createRateLimits } from './rate-limits.ts'

const settings: WorkerOptions = workerData
const gate = createGate({ allowHosts: settings.allowHosts })
const limits = createRateLimits(settings)

// Must run before webtorrent is loaded, which captures `fetch` at that time.
installGuard({ gate, listen: settings.listen })
globalThis.fetch = boundFetch(globalThis.fetch, limits.download)
boundTimers()

// webtorrent and its parsers log untrusted text, and tracker URLs with their passkeys.
const silent = () => undefined
Object.assign(console, { log: silent, warn: silent, error: silent, trace: silent })

const send = (message: FromWorker) => parentPort?.postMessage(message)
const { createTorrentSession } = await import('./torrent-session.ts')
const session = await createTorrentSession(settings, { gate, limits }, send)

parentPort?.on('message', (message: ToWorker) => {
  if (message.type === 'start') session.start(message.job)
  else if (message.type === 'accept') session.accept(message.id)
  else if (message.type === 'want') session.want(message.id, message.pieces)
  else if (message.type === 'announce') session.announce(message.id)
  else if (message.type === 'stop') session.stop(message.id)
  else if (message.type === 'look-up') session.lookUp(message.id, message.source)
  else if (message.type === 'cancel-lookup') session.cancelLookup(message.id)
  else if (message.type === 'allow') gate.allow(message.hosts)
  else if (message.type === 'limit') session.limit(message.limits)
  else session.close()
})
