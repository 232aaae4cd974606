import { readFileSync } from 'node:fs'
import { type BlockList, isIP } from 'node:net'
import { parseArgs } from 'node:util'
import { type HostName, isLoopback, readHostName, readProxies } from './api/host-names.ts'
import { isOrigin } from './api/origin.ts'
import type { UserOptions } from './core/core.ts'
import { toFolderError } from './core/data/folder-error.ts'
import type { HosterAccount } from './core/transfers/hosters.ts'
import type { LoadOptions } from './core/transfers/load.ts'
import { checkKeys, number, type RawOptions, text, texts, UsageError } from './raw-options.ts'

/** What the command line and the settings file set. */
export interface Options {
  port: number
  /** The address to listen on. */
  listen: string
  /** Host names of this computer, in addition to its addresses. */
  hostNames: HostName[]
  /** Trusted proxies in front of the service, which forward the client's address and the requested host. */
  proxies: BlockList
  /** Origins of browser extensions that may use the service. */
  allowedOrigins: ReadonlySet<string>
  folder: string
  /** Null when the app that started the service sends them. */
  users: UserOptions[] | null
  /** Limits of the user that the app sends. */
  limits: UserLimits
  load: LoadOptions
  allowHosts: string[]
  hosterAccounts: HosterAccount[]
  paidHosts: string[]
  torrents: TorrentSettings
  /** After how many days deleted items leave the trash; 0 for never. */
  trashDays: number
}

type UserLimits = Pick<
  UserOptions,
  'diskQuotaBytes' | 'bandwidthQuotaBytes' | 'activeLimit' | 'largestFileBytes' | 'share'
>

/** Torrent settings. Limits are in bytes a second, 0 for none; they do not apply to seeding. */
interface TorrentSettings {
  /** The first DHT nodes to ask for peers; null turns the DHT off. */
  dhtBootstrap: string[] | null
  listen: { address: string; port: number }
  downloadLimit: number
  uploadLimit: number
}

const defaultActiveLimit = 5
const defaultTrashDays = 14
const minSecretLength = 20
/** Source: BEP 5, and the lists of well-known programs. */
const publicDht = ['router.bittorrent.com:6881', 'router.utorrent.com:6881', 'dht.transmissionbt.com:6881']

const single = [
  'port',
  'listen',
  'data',
  'key',
  'secret',
  'user',
  'password',
  'token',
  'disk-quota',
  'bandwidth-quota',
  'active-limit',
  'largest-file',
  'share',
  'busy',
  'busy-load',
  'busy-disk',
  'dht',
  'listen-peers',
  'download-limit',
  'upload-limit',
  'trash-days',
] as const
const multiple = ['allow-host', 'host-name', 'proxy', 'allow-origin', 'paid-host', 'dht-node'] as const
const userKeys = [
  'name',
  'key',
  'secret',
  'password',
  'token',
  'disk-quota',
  'bandwidth-quota',
  'active-limit',
  'largest-file',
  'share',
]

/**
 * Reads the command line, and the settings file that it may name; the command line takes precedence. With `--parent` it accepts
 * no credentials.
 */
export function readOptions(argv: string[]): Options {
  const flags = parse(argv)
  const file = text(flags, 'config')
  const raw: RawOptions = { ...(file === null ? {} : readFile(file)), ...flags }
  const folder = text(raw, 'data')
  if (folder === null) throw new UsageError('--data is missing: the folder to keep everything in.')
  const listen = text(raw, 'listen') ?? '127.0.0.1'
  if (isIP(listen) === 0) throw new UsageError(`--listen must be an address of this computer, not “${listen}”.`)
  const users = flags.parent === true ? null : readUsers(raw)
  if (flags.parent === true) refuseCredentials(flags)
  if (!isLoopback(listen)) checkStrength(users, listen)
  return {
    port: number(raw, 'port', { max: 65_535 }) ?? 0,
    listen,
    hostNames: readHostNames(raw),
    proxies: readProxyList(raw),
    allowedOrigins: readOrigins(raw),
    folder,
    users,
    limits: limitsOf(raw),
    load: {
      busy: readBusy(raw),
      loadPerCore: number(raw, 'busy-load', { isWhole: false }) ?? 1.5,
      diskQueue: number(raw, 'busy-disk', { isWhole: false }) ?? 8,
    },
    allowHosts: texts(raw, 'allow-host'),
    hosterAccounts: readHosters(raw),
    paidHosts: texts(raw, 'paid-host'),
    torrents: {
      dhtBootstrap: readDht(raw),
      listen: readPeerAddress(text(raw, 'listen-peers')),
      downloadLimit: number(raw, 'download-limit') ?? 0,
      uploadLimit: number(raw, 'upload-limit') ?? 0,
    },
    trashDays: number(raw, 'trash-days', { max: 36_500 }) ?? defaultTrashDays,
  }
}

function parse(argv: string[]): RawOptions {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        ...Object.fromEntries(single.map((name) => [name, { type: 'string' } as const])),
        ...Object.fromEntries(multiple.map((name) => [name, { type: 'string', multiple: true } as const])),
        config: { type: 'string' },
        parent: { type: 'boolean' },
      },
    })
    return values
  } catch (cause) {
    throw new UsageError(
      isStray(cause) ? 'A word belongs to no flag. A value with spaces needs quotes.' : messageOf(cause),
    )
  }
}

/** True for a word that belongs to no flag. Node's message would quote it, and it may be part of a secret. */
function isStray(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL'
}

function readFile(path: string): RawOptions {
  const read = (): unknown => {
    try {
      return JSON.parse(readFileSync(path, 'utf8'))
    } catch (cause) {
      // The message of a JSON error would quote the file, with its secrets.
      const why =
        cause instanceof SyntaxError
          ? `it is not JSON${placeOf(cause)}`
          : (toFolderError(cause, path)?.message ?? messageOf(cause)).replace(/\.$/, '')
      throw new UsageError(`The settings file “${path}” cannot be read: ${why}.`)
    }
  }
  const raw = read()
  return checkKeys(raw, [...single, ...multiple, 'users', 'hosters'], `The settings file “${path}”`)
}

function placeOf({ message }: SyntaxError): string {
  const place = /\(line (\d+) column (\d+)\)/.exec(message)
  return place === null ? '' : ` (line ${place[1]}, column ${place[2]})`
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

function readUsers(raw: RawOptions): UserOptions[] {
  const { users: listed } = raw
  if (listed === undefined) {
    const [key, secret] = [text(raw, 'key'), text(raw, 'secret')]
    if (key === null) throw new UsageError('--key is missing: the API key that clients sign their requests with.')
    if (secret === null) {
      throw new UsageError('--secret is missing: the API secret that clients sign their requests with.')
    }
    const user = text(raw, 'user') ?? 'you'
    return [{ key, secret, user, password: text(raw, 'password'), appToken: text(raw, 'token'), ...limitsOf(raw) }]
  }
  if (!Array.isArray(listed) || listed.length === 0) throw new UsageError('“users” must be a list of users.')
  const users = listed.map((one: unknown): UserOptions => {
    const user = checkKeys(one, userKeys, 'A user')
    const [name, key, secret] = [text(user, 'name'), text(user, 'key'), text(user, 'secret')]
    if (name === null || key === null || secret === null) {
      throw new UsageError('Every user needs a “name”, a “key” and a “secret”.')
    }
    return {
      user: name,
      key,
      secret,
      password: text(user, 'password'),
      appToken: text(user, 'token'),
      ...limitsOf({ ...raw, ...user }),
    }
  })
  for (const field of ['user', 'key'] as const) {
    if (new Set(users.map((user) => user[field])).size < users.length) {
      throw new UsageError(`Two users have the same ${field === 'user' ? 'name' : 'key'}.`)
    }
  }
  const tokens = users.flatMap(({ appToken }) => appToken ?? [])
  if (new Set(tokens).size < tokens.length) throw new UsageError('Two users have the same token.')
  return users
}

function limitsOf(raw: RawOptions): UserLimits {
  return {
    diskQuotaBytes: number(raw, 'disk-quota'),
    bandwidthQuotaBytes: number(raw, 'bandwidth-quota'),
    activeLimit: number(raw, 'active-limit', { min: 1 }) ?? defaultActiveLimit,
    largestFileBytes: number(raw, 'largest-file', { min: 1 }),
    share: text(raw, 'share'),
  }
}

function refuseCredentials(flags: RawOptions): void {
  if (['key', 'secret', 'password', 'token', 'config'].some((name) => flags[name] !== undefined)) {
    throw new UsageError('With --parent the credentials come on the standard input, never on the command line.')
  }
}

/** Anyone who can reach the service can guess keys, so short ones are refused. */
function checkStrength(users: UserOptions[] | null, listen: string): void {
  if (users === null) throw new UsageError('With --parent the service listens on this computer only.')
  for (const { key, secret, appToken, user } of users) {
    if ([key, secret, appToken ?? key].every((one) => one.length >= minSecretLength)) continue
    const which = appToken === null ? 'the key and the secret' : 'the key, the secret and the token'
    throw new UsageError(
      `At ${listen} others can reach the service: ${which} of “${user}” need at least ${minSecretLength} characters each.`,
    )
  }
}

function readHostNames(raw: RawOptions): HostName[] {
  return texts(raw, 'host-name').map((text) => {
    const name = readHostName(text)
    if (name !== null) return name
    throw new UsageError(`--host-name must be a name such as nas.local or nas.local:8080, not “${text}”.`)
  })
}

function readProxyList(raw: RawOptions): BlockList {
  const proxies = readProxies(texts(raw, 'proxy'))
  if (proxies !== null) return proxies
  throw new UsageError('--proxy must be an address such as 127.0.0.1, or a network such as 172.16.0.0/12.')
}

function readOrigins(raw: RawOptions): ReadonlySet<string> {
  const origins = texts(raw, 'allow-origin').map((text) => text.trim().toLowerCase().replace(/\/$/, ''))
  const wrong = origins.find((origin) => !isOrigin(origin))
  if (wrong === undefined) return new Set(origins)
  throw new UsageError(`--allow-origin must be one origin such as chrome-extension://abcdefgh, not “${wrong}”.`)
}

function readBusy(raw: RawOptions): LoadOptions['busy'] {
  const busy = text(raw, 'busy') ?? 'auto'
  if (busy === 'always' || busy === 'never' || busy === 'auto') return busy
  throw new UsageError(`--busy can be always, never or auto, not “${busy}”.`)
}

function readDht(raw: RawOptions): string[] | null {
  const word = text(raw, 'dht') ?? 'on'
  if (word !== 'on' && word !== 'off') throw new UsageError(`--dht can be on or off, not “${word}”.`)
  const nodes = texts(raw, 'dht-node')
  return word === 'off' ? null : nodes.length > 0 ? nodes : publicDht
}

function readPeerAddress(raw: string | null): { address: string; port: number } {
  if (raw === null) return { address: '127.0.0.1', port: 0 }
  const [, bracketed, plain = '', port = ''] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(raw) ?? []
  const address = bracketed ?? plain
  if (isIP(address) === 0 || Number(port) > 65_535) {
    throw new UsageError(`--listen-peers must be an address and a port, such as 0.0.0.0:6881, not “${raw}”.`)
  }
  return { address, port: Number(port) }
}

function readHosters({ hosters }: RawOptions): HosterAccount[] {
  if (hosters === undefined) return []
  if (!Array.isArray(hosters)) throw new UsageError('“hosters” must be a list.')
  return hosters.map((one: unknown) => {
    const raw = checkKeys(one, ['host', 'user', 'password', 'cookie'], 'A hoster')
    const [host, user, password, cookie] = [
      text(raw, 'host'),
      text(raw, 'user'),
      text(raw, 'password'),
      text(raw, 'cookie'),
    ]
    if (host === null || (user === null && cookie === null)) {
      throw new UsageError('Every hoster needs a “host”, and a “user” with a “password” or a “cookie”.')
    }
    return { host, user, password, cookie }
  })
}
