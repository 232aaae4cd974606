import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Handlers, Notice } from '../../shared/contract.ts'
import { type Port, type Served, serve } from '../../shared/rpc.ts'
import { Accounts } from './accounts.ts'
import type { Emit } from './emit.ts'
import { History } from './history.ts'
import type { Host } from './host.ts'
import { itemHandlers } from './items.ts'
import { openJournal } from './journal.ts'
import { LocalService } from './local-service.ts'
import { createLog } from './log.ts'
import { createPlaying } from './playing/play.ts'
import { createRelay } from './playing/relay.ts'
import { createSettings } from './settings.ts'
import { transferHandlers } from './transfers.ts'

/** All that is behind the pipe. */
export interface Backend {
  /** Joins a window to the backend; the answer parts them. */
  attach(port: Port): () => void
  /** Links from outside, for the analyzer of every window. */
  offerLinks(text: string): void
  /** Ends what runs: the local service, the relay, everything that is followed. */
  close(): Promise<void>
}

/** Builds the backend on a host and opens the accounts that are kept. */
export function createBackend(host: Host): Backend {
  const log = createLog((line) => host.writeLog(line))
  const windows = new Set<Served>()
  const emit: Emit = (name, data) => {
    for (const window of windows) window.emit(name, data)
  }

  const notices = new Map<string, Notice>()
  const emitNotices = () => emit('notices.changed', [...notices.values()])
  const addNotice = (sentence: string) => {
    const id = randomUUID()
    notices.set(id, { id, sentence })
    emitNotices()
  }
  for (const sentence of host.startNotices) addNotice(sentence)

  const settings = createSettings(host.store)
  host.applyTheme(settings.current().theme)
  const journal = openJournal(join(host.dataFolder, 'history.jsonl'))
  if (journal.wasDamaged)
    addNotice('The history file was damaged. What could be read was kept; the damaged file lies beside it.')
  const history = new History(journal)
  const service = new LocalService({
    host,
    log,
    hostsOnMyNetwork: () => settings.current().hostsOnMyNetwork,
    onState: (state) => emit('service.changed', state),
    onNotice: addNotice,
  })
  const accounts = new Accounts({ host, log, history, service, emit })
  const relay = createRelay(log)
  const playing = createPlaying({ accounts, host, relay, chosenPlayerId: () => settings.current().playerId })
  const opened = accounts.open().catch((error: unknown) => log.error('accounts', error))
  /** Offered before any window listens, told at its first `sync`. */
  const offeredEarly: string[] = []

  const handlers: Handlers = {
    sync: async () => {
      await opened
      emit('settings.changed', settings.current())
      emit('service.changed', serviceState())
      accounts.emitAll()
      emitNotices()
      for (const text of offeredEarly.splice(0)) emit('links.offered', { text })
      return null
    },
    ...accounts.handlers(),
    ...itemHandlers(accounts),
    ...transferHandlers(accounts, history),
    ...playing.handlers,
    'settings.change': async (change) => {
      const changed = settings.change(change)
      if (change.hostsOnMyNetwork !== undefined) service.allowHosts(changed.hostsOnMyNetwork)
      host.applyTheme(changed.theme)
      emit('settings.changed', changed)
      return null
    },
    'service.restart': async () => {
      await service.stop()
      service.start()
      return null
    },
    'notices.dismiss': async ({ id }) => {
      notices.delete(id)
      emitNotices()
      return null
    },
  }

  function serviceState() {
    const reason = host.whyNoService()
    return reason === null ? service.state : { state: 'unavailable' as const, problem: reason }
  }

  return {
    attach: (port) => {
      const served = serve(port, handlers, (method, error) => log.error(method, error))
      windows.add(served)
      return () => windows.delete(served)
    },
    offerLinks: (text) => {
      if (windows.size === 0) offeredEarly.push(text)
      else emit('links.offered', { text })
    },
    close: async () => {
      accounts.close()
      playing.close()
      await Promise.all([relay.close(), service.stop()])
    },
  }
}
