import { randomBytes } from 'node:crypto'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import type { ServiceState } from '../../../shared/contract.ts'
import { AppError } from '../../../shared/errors.ts'
import type { Settings } from '../../../shared/settings.ts'
import type { Host, ServiceProcess } from '../host/host.ts'
import type { Log } from '../host/log.ts'
import type { V1Key } from '../putio/credentials.ts'
import type { Secrets } from '../secrets/secrets.ts'
import type { HosterAccount } from './hosters.ts'

const Ready = z.object({ ready: z.literal(true), url: z.url(), notice: z.string().optional() })
const Refused = z.object({ ready: z.literal(false), reason: z.string() })

const readyTimeoutMs = 20_000
const restartDelaysMs = [300, 1000, 2000, 4000, 8000]
/** After this long without a crash, the restart delays start over. */
const recoveredAfterMs = 60_000

function dataFolderOf({ dataFolder }: Pick<Host, 'dataFolder'>): string {
  return join(dataFolder, 'service')
}

/** Where the service keeps content with this name, which is 32 hexadecimal digits. */
export function contentPath(host: Pick<Host, 'dataFolder'>, content: string): string {
  return join(dataFolderOf(host), 'content', content.slice(0, 2), content)
}

/** The parts of the backend that the local service depends on. */
export interface LocalServiceOptions {
  host: Host
  log: Log
  secrets: Secrets
  settings(): Settings
  hosters(): readonly HosterAccount[]
  onState(state: ServiceState): void
  /** Called with a notice from the service at its start that the user should see. */
  onNotice(sentence: string): void
}

/**
 * Supervises the local service, a separate process: starts it, and restarts it after a crash. Its key and secret are generated at
 * each start of the app, and are passed only through the service's standard input.
 */
export class LocalService {
  /** Signs requests to the service. */
  readonly key: V1Key = {
    apiKey: randomBytes(20).toString('hex'),
    apiSecret: randomBytes(32).toString('hex'),
  }
  /** Signs requests to its API v2. */
  readonly token = randomBytes(20).toString('hex')
  readonly #password = randomBytes(20).toString('hex')
  readonly #options: LocalServiceOptions
  #process: ServiceProcess | null = null
  #url: string | null = null
  #waiting: { resolve: (url: string) => void; reject: (error: Error) => void }[] = []
  #state: ServiceState = { state: 'off', problem: null }
  #crashes = 0
  #startedAtMs = 0
  #timer: ReturnType<typeof setTimeout> | null = null
  #isWanted = false
  #ending: Promise<void> = Promise.resolve()

  constructor(options: LocalServiceOptions) {
    this.#options = options
    for (const secret of [this.key.apiSecret, this.key.apiKey, this.token, this.#password])
      options.secrets.add(secret, { isOfServer: true })
  }

  get state(): ServiceState {
    return this.#state
  }

  /** Starts the service, or restarts it after it failed. Throws `unavailable` if it cannot run here. */
  start(): void {
    const reason = this.#options.host.whyNoService()
    if (reason !== null) {
      this.#setState('unavailable', reason)
      throw new AppError('unavailable', reason)
    }
    if (this.#process !== null) return
    this.#isWanted = true
    this.#crashes = 0
    this.#setState('starting', null)
    this.#launch()
  }

  /** The base URL of the service; waits while it is starting. Rejects with `unreachable` if it is not running. */
  url(): Promise<string> {
    if (this.#url !== null) return Promise.resolve(this.#url)
    if (!this.#isWanted || this.#state.state === 'failed') {
      return Promise.reject(
        new AppError('unreachable', this.#state.problem ?? 'The service on this computer is not running.'),
      )
    }
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** Passes settings that need no restart to the running service, if any of them has changed. */
  applySettings(before: Settings, after: Settings): void {
    const changed = liveSettings(after)
    if (JSON.stringify(changed) !== JSON.stringify(liveSettings(before))) this.#process?.send(changed)
  }

  /** Passes the accounts at paid hosters to the running service. */
  useHosters(hosters: readonly HosterAccount[]): void {
    this.#process?.send({ hosters })
  }

  async stop(): Promise<void> {
    this.#isWanted = false
    this.#rejectWaiting('The service on this computer has been stopped.')
    await this.#end()
    if (!this.#isWanted) this.#setState('off', null)
  }

  /** Restarts the service with the current settings. Callers of `url` wait in the meantime. */
  async restart(): Promise<void> {
    if (!this.#isWanted) return
    this.#setState('restarting', null)
    await this.#end()
    if (!this.#isWanted || this.#process !== null) return
    this.#crashes = 0
    this.#launch()
  }

  /** Stops the process. Resolves once it has exited, so that its data folder is free. */
  #end(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    const running = this.#process
    this.#process = null
    this.#url = null
    this.#ending = this.#ending.then(() => running?.stop())
    return this.#ending
  }

  #launch(): void {
    const { host, log, settings, hosters } = this.#options
    const data = dataFolderOf(host)
    const args = ['--port', '0', '--data', data, '--parent', '--dht', settings().isDhtOn ? 'on' : 'off']
    const service = host.startService(args, log.info)
    this.#process = service
    this.#startedAtMs = performance.now()
    let reason: string | null = null
    const late = setTimeout(() => {
      log.info('local service: not ready in time, stopping it')
      void service.stop()
    }, readyTimeoutMs)
    service.onMessage((message) => {
      const ready = Ready.safeParse(message)
      const refused = Refused.safeParse(message)
      if (refused.success) reason = refused.data.reason
      if (!ready.success || this.#process !== service) return
      clearTimeout(late)
      this.#onReady(ready.data)
    })
    service.onExit((code) => {
      clearTimeout(late)
      if (this.#process !== service) return
      log.info(`local service: ended by itself (${code ?? 'killed'})`)
      this.#process = null
      this.#url = null
      this.#onCrash(reason)
    })
    service.send({
      start: {
        key: this.key.apiKey,
        secret: this.key.apiSecret,
        token: this.token,
        user: userInfo().username,
        password: this.#password,
        hosters: hosters(),
        ...liveSettings(settings()),
      },
    })
  }

  #onReady({ url, notice }: z.infer<typeof Ready>): void {
    this.#url = url
    this.#setState('running', null)
    for (const { resolve } of this.#waiting.splice(0)) resolve(url)
    if (notice !== undefined) this.#options.onNotice(notice)
  }

  #onCrash(reason: string | null): void {
    if (!this.#isWanted) return
    if (performance.now() - this.#startedAtMs > recoveredAfterMs) this.#crashes = 0
    const pauseMs = restartDelaysMs[this.#crashes]
    this.#crashes += 1
    if (pauseMs === undefined || reason !== null) {
      const sentence =
        reason ?? 'The service on this computer keeps exiting right after it starts. The log has the details.'
      this.#setState('failed', sentence)
      this.#rejectWaiting(sentence)
      return
    }
    this.#setState('restarting', null)
    this.#timer = setTimeout(() => this.#launch(), pauseMs)
  }

  #rejectWaiting(sentence: string): void {
    for (const { reject } of this.#waiting.splice(0)) reject(new AppError('unreachable', sentence))
  }

  #setState(state: ServiceState['state'], problem: string | null): void {
    this.#state = { state, problem }
    this.#options.onState(this.#state)
  }
}

/** The settings that the service takes over while it runs. */
function liveSettings(settings: Settings): object {
  return {
    allowHosts: settings.hostsOnMyNetwork,
    trashDays: settings.trashDays,
    torrentLimits: {
      downloadLimit: settings.downloadLimitBytesPerSecond ?? 0,
      uploadLimit: settings.uploadLimitBytesPerSecond ?? 0,
    },
  }
}

/** True if a change of the settings requires a restart of the service. */
export function needsRestart(before: Settings, after: Settings): boolean {
  return before.isDhtOn !== after.isDhtOn
}
