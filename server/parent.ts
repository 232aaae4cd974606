import { createInterface } from 'node:readline'
import type { Credentials } from './core/account/account.ts'
import type { HosterAccount } from './core/transfers/hosters.ts'
import type { TorrentLimits } from './torrent/messages.ts'

/** What the app may change while the service runs; what is absent stays as it is. */
export interface ParentSettings {
  allowHosts?: string[]
  hosters?: HosterAccount[]
  torrentLimits?: TorrentLimits
  /** 0 for never. */
  trashDays?: number
}

/** The app that started this service. It sends the credentials; they never come from the command line or the environment. */
export interface Parent {
  /** The first message. */
  started: Promise<{ credentials: Credentials; settings: ParentSettings }>
  onSettings: (listener: (settings: ParentSettings) => void) => void
  /** Resolves when the app closes, or asks the service to stop. */
  closed: Promise<void>
  /** Sends a message through Electron's port, if there is one. Other parents read it from standard output. */
  send: (message: object) => void
}

interface MessagePort {
  on: (event: 'message', listener: (event: { data: unknown }) => void) => unknown
  postMessage: (message: unknown) => void
}

/** Connects to the app: over Electron's port in a utility process, otherwise with lines of JSON on standard input. */
export function connectToParent(): Parent {
  let change: (settings: ParentSettings) => void = () => undefined
  let start: (message: Awaited<Parent['started']>) => void
  const started: Parent['started'] = new Promise((resolve) => {
    start = resolve
  })
  let end: () => void = () => undefined
  const closed = new Promise<void>((resolve) => {
    end = resolve
  })
  const receive = (message: unknown) => {
    if (!isObject(message)) return
    if (message.stop === true) end()
    else if (isObject(message.start))
      start({ credentials: toCredentials(message.start), settings: toSettings(message.start) })
    else change(toSettings(message))
  }
  const port = electronPort()
  if (port !== null) port.on('message', ({ data }) => receive(data))
  else {
    createInterface(process.stdin)
      .on('line', (line) => receive(parseLine(line)))
      .on('close', end)
  }
  return {
    started,
    closed,
    onSettings: (listener) => {
      change = listener
    },
    send: (message) => port?.postMessage(message),
  }
}

function electronPort(): MessagePort | null {
  const port: unknown = 'parentPort' in process ? process.parentPort : null
  return isPort(port) ? port : null
}

function isPort(port: unknown): port is MessagePort {
  return typeof port === 'object' && port !== null && 'postMessage' in port && 'on' in port
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw new Error('The app sent something that is not JSON.', { cause })
  }
}

function toCredentials({ key, secret, user, password, token }: Record<string, unknown>): Credentials {
  if (typeof key !== 'string' || typeof secret !== 'string' || key === '' || secret === '') {
    throw new Error('The app sent no key and secret.')
  }
  return {
    key,
    secret,
    user: typeof user === 'string' && user !== '' ? user : 'you',
    password: typeof password === 'string' ? password : null,
    appToken: typeof token === 'string' && token !== '' ? token : null,
  }
}

function toSettings({ allowHosts, hosters, torrentLimits, trashDays }: Record<string, unknown>): ParentSettings {
  return {
    ...(Array.isArray(allowHosts) && { allowHosts: allowHosts.filter((host) => typeof host === 'string') }),
    ...(Array.isArray(hosters) && { hosters: hosters.filter(isObject).map(toHoster) }),
    ...(isObject(torrentLimits) && { torrentLimits: toLimits(torrentLimits) }),
    ...(typeof trashDays === 'number' && trashDays >= 0 && { trashDays }),
  }
}

function toLimits({ downloadLimit, uploadLimit }: Record<string, unknown>): TorrentLimits {
  const limit = (value: unknown) => (typeof value === 'number' && value > 0 ? value : 0)
  return { downloadLimit: limit(downloadLimit), uploadLimit: limit(uploadLimit) }
}

function toHoster({ host, user, password, cookie }: Record<string, unknown>): HosterAccount {
  const textOrNull = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null)
  return { host: `${host}`, user: textOrNull(user), password: textOrNull(password), cookie: textOrNull(cookie) }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
