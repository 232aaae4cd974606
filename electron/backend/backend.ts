import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { TorrentFile } from '../../shared/analysis.ts'
import type { Handlers, Notice } from '../../shared/contract.ts'
import { AppError } from '../../shared/errors.ts'
import { signInMs, undoMs } from '../../shared/limits.ts'
import { putioAppIdOf } from '../../shared/putio-app.ts'
import { type Port, type ServedPort, serve } from '../../shared/rpc.ts'
import type { SettingsChange } from '../../shared/settings.ts'
import { Accounts } from './accounts/accounts.ts'
import { deviceHandlers } from './accounts/devices.ts'
import type { SignInTimes } from './accounts/token-sign-ins.ts'
import { Notifications, type Place } from './activity/notifications.ts'
import { type Closing, Quitting } from './activity/quitting.ts'
import { Running } from './activity/running.ts'
import { type Content, type ContentRequest, createContents } from './contents/contents.ts'
import { Feeds } from './feeds/feeds.ts'
import { History } from './history/history.ts'
import { openJournal } from './history/journal.ts'
import type { Emit } from './host/emit.ts'
import type { Host } from './host/host.ts'
import { createLog } from './host/log.ts'
import { HeldDeletes } from './items/held-deletes.ts'
import { itemHandlers } from './items/items.ts'
import { sharingHandlers } from './items/sharing.ts'
import { openSafely } from './opening/open-safely.ts'
import { Opening } from './opening/opening.ts'
import { RealFiles } from './opening/real-files.ts'
import { createPlaying } from './playing/play.ts'
import { Playbacks } from './playing/playbacks.ts'
import { createRelay } from './playing/relay.ts'
import { SaverClient } from './saving/saver-process.ts'
import { Saving } from './saving/saving.ts'
import { LinkSeal } from './secrets/link-seal.ts'
import { Secrets } from './secrets/secrets.ts'
import { Vault } from './secrets/vault.ts'
import { Sending } from './sending/sending.ts'
import { Hosters } from './service/hosters.ts'
import { LocalService, needsRestart } from './service/local-service.ts'
import { createSettings } from './settings/settings.ts'
import { openSettingsFile } from './settings/settings-file.ts'
import { Thumbnails } from './thumbnails/thumbnails.ts'
import { LinksDraft } from './transfers/links-draft.ts'
import { TorrentFiles } from './transfers/torrent-files.ts'
import { transferHandlers } from './transfers/transfers.ts'

/** Everything behind the pipe. */
export interface Backend {
  /** Connects a window to the backend. Returns a function that disconnects it. */
  attach(port: Port): () => void
  /** Hands links and torrent files from other programs to the analyzer of every window. */
  offer(offered: Offered): void
  /** Takes the link with which a browser ends a sign-in, `putdesk://auth#…`. */
  endSignIn(link: string): void
  /** Reads a part of a file for the window's content scheme. */
  readContent(request: ContentRequest): Promise<Content>
  /** Asks the person, if needed, what closing the window does, or whether the app quits. */
  closing(): Promise<Closing>
  quitting(): Promise<Closing>
  /** Stops everything that runs: the local service, the relay and all polling. */
  close(): Promise<void>
}

/** What other programs hand to Putdesk: links as text, and paths of torrent files. */
export interface Offered {
  text: string
  paths: readonly string[]
}

export interface BackendOptions {
  /** How long a cancellation of a transfer, a deletion without a trash, or the end of a save is held back. */
  holdMs?: number
  /** How often a sign-in asks whether the person has approved it, and for how long. */
  signIn?: SignInTimes
}

/** Source: API v2 §2.3. */
const defaultSignIn: SignInTimes = { pollMs: 3000, budgetMs: signInMs }

/** Builds the backend on a host and opens the stored accounts. */
export function createBackend(host: Host, { holdMs = undoMs, signIn = defaultSignIn }: BackendOptions = {}): Backend {
  const secrets = new Secrets()
  const log = createLog((line) => host.writeLog(line), secrets)
  const windows = new Set<ServedPort>()
  const observers: Emit[] = []
  const emit: Emit = (name, data) => {
    for (const window of windows) window.emit(name, data)
    for (const observe of observers) observe(name, data)
  }

  const notices = new Map<string, Notice>()
  const emitNotices = () => emit('notices.changed', [...notices.values()])
  const addNotice = (sentence: string) => {
    const id = randomUUID()
    notices.set(id, { id, sentence })
    emitNotices()
  }
  /** Shows a problem with a file for as long as it lasts. */
  const showProblem = (file: string) => (problem: string | null) => {
    if (notices.get(file)?.sentence === (problem ?? undefined)) return
    if (problem === null) notices.delete(file)
    else notices.set(file, { id: file, sentence: problem })
    emitNotices()
  }

  const file = openSettingsFile(host.dataFolder, { tell: addNotice, onSaved: showProblem('settings') })
  const vault = new Vault({
    folder: host.dataFolder,
    keeper: host.secretKeeper,
    tell: addNotice,
    onSaved: showProblem('vault'),
  })
  const settings = createSettings(file)
  const running = new Running()
  let wanted: Place | null = null
  const showPlace = (place: Place) => {
    // A window that is being opened gets it at its first `sync`.
    if (windows.size === 0 || !isSynced) wanted = place
    else emit('place.wanted', place)
  }
  const notifications = new Notifications({ host, settings: settings.current, show: showPlace, nowMs: Date.now })
  const changeSettings = (change: SettingsChange) => {
    const changed = settings.change(change)
    emit('settings.changed', changed)
    return changed
  }
  const quitting = new Quitting({
    host,
    settings: settings.current,
    change: changeSettings,
    interrupted: () => running.interrupted(),
  })
  let isAwake = false
  const followSleep = () => {
    const isWanted = settings.current().isSleepPrevented && running.isMoving()
    if (isWanted === isAwake) return
    isAwake = isWanted
    host.preventSleep(isAwake)
  }
  let share: number | null = null
  const followShare = () => {
    const now = running.share()
    // Only changes that can be seen are shown.
    const shown = now === null ? null : Math.floor(now * 100) / 100
    if (shown === share) return
    share = shown
    host.showProgress(share)
  }
  observers.push((name, data) => {
    running.see(name, data)
    notifications.see(name, data)
    followSleep()
    followShare()
  })
  host.applyTheme(settings.current().theme)
  const journal = openJournal({
    path: join(host.dataFolder, 'history.jsonl'),
    tell: addNotice,
    onSaved: showProblem('history'),
  })
  const history = new History(journal)
  const torrentFiles = new TorrentFiles()
  const hosters = new Hosters({ vault, secrets, onChange: () => service.useHosters(hosters.accounts()) })
  const service = new LocalService({
    host,
    log,
    secrets,
    settings: settings.current,
    hosters: () => hosters.accounts(),
    onState: (state) => emit('service.changed', state),
    onNotice: addNotice,
  })
  const show = (key: string, sentence: string | null) => showProblem(key)(sentence)
  const { dataFolder } = host
  const playbacks = new Playbacks({ dataFolder, emit, tell: addNotice, onSaved: showProblem('playbacks') })
  const accounts = new Accounts({
    ...{ file, vault, log, secrets, history, service, emit, show, host },
    cancelHoldMs: holdMs,
    signInTimes: signIn,
    appId: () => putioAppIdOf(settings.current()),
    tell: addNotice,
    onDistrust: (origin) => relay.renew(origin),
    beforeRemove: (accountId) => held.flush(accountId),
    onRemove: (accountId) => {
      playbacks.removeAccount(accountId)
      contents.removeAccount(accountId)
      feeds.removeAccount(accountId)
      sending.removeAccount(accountId).catch((error: unknown) => log.error('sends', error))
      opening.removeAccount(accountId).catch((error: unknown) => log.error('copies', error))
    },
  })
  const feeds = new Feeds(accounts)
  const held = new HeldDeletes({ log, tell: addNotice, holdMs })
  const relay = createRelay(log)
  const playing = createPlaying({
    accounts,
    host,
    log,
    relay,
    playbacks,
    settings: settings.current,
  })
  const contents = createContents({ accounts, relay })
  const saver = new SaverClient(host, log)
  const opening = new Opening({
    ...{ accounts, host, log, saver, emit },
    tell: addNotice,
    onSaved: showProblem('copies'),
    sendUp: (accountId, folderId, file) => sending.replace(accountId, folderId, file),
    isNeeded: (path) => sending.uses(path),
  })
  const saving = new Saving({
    ...{ accounts, host, log, saver, emit, holdMs },
    tell: addNotice,
    onSaved: showProblem('saves'),
    openFile: (path) => openSafely(host, path),
  })
  const sending = new Sending({
    ...{ accounts, host, log, emit, holdMs },
    tell: addNotice,
    onSaved: showProblem('sends'),
  })
  saving.limit(settings.current().saveLimitBytesPerSecond)
  const draft = new LinksDraft({ vault, emit })
  saving.reserve(settings.current().saveReserveBytes)
  const opened = hosters
    .open()
    .catch((error: unknown) => log.error('hosters', error))
    .then(() => draft.open())
    .catch((error: unknown) => log.error('draft', error))
    .then(async () => history.useSeal(await LinkSeal.open(vault)))
    .catch((error: unknown) => log.error('history', error))
    .then(() => accounts.open())
    .then(() => saving.open())
    .then(() => sending.open())
    .then(() => opening.open((id) => accounts.has(id)))
    .catch((error: unknown) => log.error('accounts', error))
  /** Offers made before a window was listening; sent at its first `sync`. */
  const offeredEarly: Offered[] = []
  let isSynced = false

  const handlers: Handlers = {
    sync: async () => {
      await opened
      emit('settings.changed', settings.current())
      emit('service.changed', serviceState())
      accounts.emitAll()
      saving.emitAll()
      sending.emitAll()
      await opening.emitAll()
      draft.emitAll()
      playbacks.emitAll()
      emitNotices()
      isSynced = true
      for (const offered of offeredEarly.splice(0)) await tellOffered(offered)
      if (wanted !== null) emit('place.wanted', wanted)
      wanted = null
      return null
    },
    ...accounts.handlers(),
    ...deviceHandlers(accounts),
    ...sharingHandlers(accounts),
    ...itemHandlers(accounts, held, secrets),
    ...transferHandlers({ accounts, history, torrentFiles, secrets }),
    ...feeds.handlers(),
    ...draft.handlers(),
    ...hosters.handlers(),
    ...playing.handlers,
    ...contents.handlers,
    ...opening.handlers(),
    ...new RealFiles({ accounts, host, opening, saving }).handlers(),
    ...new Thumbnails(host.dataFolder).handlers(),
    ...playbacks.handlers(),
    ...saving.handlers(),
    ...sending.handlers(),
    'settings.change': async (change) => {
      const before = settings.current()
      const changed = changeSettings(change)
      if (needsRestart(before, changed)) service.restart().catch((error: unknown) => log.error('local service', error))
      else service.applySettings(before, changed)
      saving.limit(changed.saveLimitBytesPerSecond)
      saving.reserve(changed.saveReserveBytes)
      host.applyTheme(changed.theme)
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

  async function tellOffered({ text, paths }: Offered) {
    const files: TorrentFile[] = []
    const problems: string[] = []
    for (const path of paths) {
      try {
        files.push(await torrentFiles.read(path))
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        problems.push(error.message)
      }
    }
    emit('links.offered', { text, files, problems })
  }

  function serviceState() {
    const reason = host.whyNoService()
    return reason === null ? service.state : { state: 'unavailable' as const, problem: reason }
  }

  return {
    attach: (port) => {
      const clean: Port = {
        send: (message) => port.send(secrets.cleanMessage(message)),
        onMessage: (listener) => port.onMessage(listener),
      }
      const served = serve(clean, handlers, (method, error) => log.error(method, error))
      windows.add(served)
      return () => {
        served.close()
        windows.delete(served)
      }
    },
    offer: (offered) => {
      if (windows.size === 0 || !isSynced) offeredEarly.push(offered)
      else tellOffered(offered).catch((error: unknown) => log.error('offered', error))
    },
    endSignIn: (link) => accounts.endSignIn(link),
    readContent: contents.read,
    closing: () => quitting.closing(),
    quitting: () => quitting.quitting(),
    close: async () => {
      host.preventSleep(false)
      contents.close()
      const saved = Promise.all([saving.close(), sending.close(), held.flush(), playing.tellPositions()])
      await saver.close()
      await saved
      opening.close()
      await accounts.close()
      playing.close()
      playbacks.close()
      file.close()
      vault.close()
      journal.close()
      await Promise.all([relay.close(), service.stop()])
    },
  }
}
