import { readFileSync } from 'node:fs'
import { type BlockList, isIP } from 'node:net'
import { parseArgs } from 'node:util'
import { type HostName, isLoopback, readHostName, readProxies } from './api/names.ts'
import { isOrigin } from './api/origin.ts'
import type { UserOptions } from './core/core.ts'
import { toFolderError } from './core/folder-error.ts'
import type { HosterAccount } from './core/hosters.ts'
import type { LoadOptions } from './core/load.ts'
import { checkKeys, number, type Said, text, texts, UsageError } from './said.ts'

/** What the command line and the settings file set. */
export interface Options {
  port: number
  /** The address to listen at. */
  listen: string
  /** Names that this computer is reached by, beside its addresses. */
  hostNames: HostName[]
  /** Proxies in front of the service that tell whom a request is from and for. */
  proxies: BlockList
  /** Origins of browser extensions that may use the service. */
  allowedOrigins: ReadonlySet<string>
  folder: string
  /** Null when the app that started the service tells who they are. */
  users: UserOptions[] | null
  /** What holds for the user whom the app names. */
  limits: UserLimits
  load: LoadOptions
  allowHosts: string[]
  hosterAccounts: HosterAccount[]
  paidHosts: string[]
  torrents: TorrentSettings
}

type UserLimits = Pick<
  UserOptions,
  'diskQuotaBytes' | 'bandwidthQuotaBytes' | 'activeLimit' | 'largestFileBytes' | 'share'
>

/** How torrents are had. Limits are in bytes a second, 0 for none; they do not hold for what is being shared back. */
interface TorrentSettings {
  /** Where to ask for people who share, without a tracker; null: nowhere. */
  dhtBootstrap: string[] | null
  listen: { address: string; port: number }
  downloadLimit: number
  uploadLimit: number
}

const defaultActiveLimit = 5
const leastSecretLength = 20
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
] as const
const multiple = ['allow-host', 'host-name', 'proxy', 'allow-origin', 'paid-host', 'dht-node'] as const
const userKeys = [
  'name',
  'key',
  'secret',
  'password',
  'disk-quota',
  'bandwidth-quota',
  'active-limit',
  'largest-file',
  'share',
]

/** Reads the command line, and the settings file that it may name; the command line wins. With `--parent` no credentials are taken from it. */
export function readOptions(argv: string[]): Options {
  const flags = parse(argv)
  const file = text(flags, 'config')
  const said: Said = { ...(file === null ? {} : readFile(file)), ...flags }
  const folder = text(said, 'data')
  if (folder === null) throw new UsageError('--data is missing: the folder to keep everything in.')
  const listen = text(said, 'listen') ?? '127.0.0.1'
  if (isIP(listen) === 0) throw new UsageError(`--listen is to be an address of this computer, not “${listen}”.`)
  const users = flags.parent === true ? null : readUsers(said)
  if (flags.parent === true) refuseCredentials(flags)
  if (!isLoopback(listen)) checkStrength(users, listen)
  return {
    port: number(said, 'port', { most: 65_535 }) ?? 0,
    listen,
    hostNames: readHostNames(said),
    proxies: readProxyList(said),
    allowedOrigins: readOrigins(said),
    folder,
    users,
    limits: limitsOf(said),
    load: {
      busy: readBusy(said),
      loadPerCore: number(said, 'busy-load', { isWhole: false }) ?? 1.5,
      diskQueue: number(said, 'busy-disk', { isWhole: false }) ?? 8,
    },
    allowHosts: texts(said, 'allow-host'),
    hosterAccounts: readHosters(said),
    paidHosts: texts(said, 'paid-host'),
    torrents: {
      dhtBootstrap: readDht(said),
      listen: readPeerAddress(text(said, 'listen-peers')),
      downloadLimit: number(said, 'download-limit') ?? 0,
      uploadLimit: number(said, 'upload-limit') ?? 0,
    },
  }
}

function parse(argv: string[]): Said {
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

/** The word may be a part of a secret. */
function isStray(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL'
}

function readFile(path: string): Said {
  const read = (): unknown => {
    try {
      return JSON.parse(readFileSync(path, 'utf8'))
    } catch (cause) {
      // What is wrong with its JSON would quote it, with the secrets in it.
      const why =
        cause instanceof SyntaxError
          ? `it is not JSON${placeOf(cause)}`
          : (toFolderError(cause, path)?.message ?? messageOf(cause)).replace(/\.$/, '')
      throw new UsageError(`The settings file “${path}” cannot be read: ${why}.`)
    }
  }
  const said = read()
  return checkKeys(said, [...single, ...multiple, 'users', 'hosters'], `The settings file “${path}”`)
}

function placeOf({ message }: SyntaxError): string {
  const place = /\(line (\d+) column (\d+)\)/.exec(message)
  return place === null ? '' : ` (line ${place[1]}, column ${place[2]})`
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

function readUsers(said: Said): UserOptions[] {
  const { users: listed } = said
  if (listed === undefined) {
    const [key, secret] = [text(said, 'key'), text(said, 'secret')]
    if (key === null) throw new UsageError('--key is missing: the API key that clients sign their requests with.')
    if (secret === null) {
      throw new UsageError('--secret is missing: the API secret that clients sign their requests with.')
    }
    const user = text(said, 'user') ?? 'you'
    return [{ key, secret, user, password: text(said, 'password'), ...limitsOf(said) }]
  }
  if (!Array.isArray(listed) || listed.length === 0) throw new UsageError('“users” is to be a list of users.')
  const users = listed.map((one: unknown): UserOptions => {
    const user = checkKeys(one, userKeys, 'A user')
    const [name, key, secret] = [text(user, 'name'), text(user, 'key'), text(user, 'secret')]
    if (name === null || key === null || secret === null) {
      throw new UsageError('Every user needs a “name”, a “key” and a “secret”.')
    }
    return { user: name, key, secret, password: text(user, 'password'), ...limitsOf({ ...said, ...user }) }
  })
  for (const field of ['user', 'key'] as const) {
    if (new Set(users.map((user) => user[field])).size < users.length) {
      throw new UsageError(`Two users have the same ${field === 'user' ? 'name' : 'key'}.`)
    }
  }
  return users
}

function limitsOf(said: Said): UserLimits {
  return {
    diskQuotaBytes: number(said, 'disk-quota'),
    bandwidthQuotaBytes: number(said, 'bandwidth-quota'),
    activeLimit: number(said, 'active-limit', { least: 1 }) ?? defaultActiveLimit,
    largestFileBytes: number(said, 'largest-file', { least: 1 }),
    share: text(said, 'share'),
  }
}

function refuseCredentials(flags: Said): void {
  if (['key', 'secret', 'password', 'config'].some((name) => flags[name] !== undefined)) {
    throw new UsageError('With --parent the credentials come on the standard input, never on the command line.')
  }
}

/** Whoever can reach the service can try keys: short ones would be found. */
function checkStrength(users: UserOptions[] | null, listen: string): void {
  if (users === null) throw new UsageError('With --parent the service listens on this computer only.')
  for (const { key, secret, user } of users) {
    if (key.length >= leastSecretLength && secret.length >= leastSecretLength) continue
    throw new UsageError(
      `At ${listen} others can reach the service: the key and the secret of “${user}” need at least ${leastSecretLength} characters each.`,
    )
  }
}

function readHostNames(said: Said): HostName[] {
  return texts(said, 'host-name').map((text) => {
    const name = readHostName(text)
    if (name !== null) return name
    throw new UsageError(`--host-name is to be a name such as nas.local or nas.local:8080, not “${text}”.`)
  })
}

function readProxyList(said: Said): BlockList {
  const proxies = readProxies(texts(said, 'proxy'))
  if (proxies !== null) return proxies
  throw new UsageError('--proxy is to be an address such as 127.0.0.1, or a network such as 172.16.0.0/12.')
}

function readOrigins(said: Said): ReadonlySet<string> {
  const origins = texts(said, 'allow-origin').map((text) => text.trim().toLowerCase().replace(/\/$/, ''))
  const wrong = origins.find((origin) => !isOrigin(origin))
  if (wrong === undefined) return new Set(origins)
  throw new UsageError(`--allow-origin is to be one origin such as chrome-extension://abcdefgh, not “${wrong}”.`)
}

function readBusy(said: Said): LoadOptions['busy'] {
  const busy = text(said, 'busy') ?? 'auto'
  if (busy === 'always' || busy === 'never' || busy === 'auto') return busy
  throw new UsageError(`--busy can be always, never or auto, not “${busy}”.`)
}

function readDht(said: Said): string[] | null {
  const word = text(said, 'dht') ?? 'on'
  if (word !== 'on' && word !== 'off') throw new UsageError(`--dht can be on or off, not “${word}”.`)
  const nodes = texts(said, 'dht-node')
  return word === 'off' ? null : nodes.length > 0 ? nodes : publicDht
}

function readPeerAddress(said: string | null): { address: string; port: number } {
  if (said === null) return { address: '127.0.0.1', port: 0 }
  const [, bracketed, plain = '', port = ''] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(said) ?? []
  const address = bracketed ?? plain
  if (isIP(address) === 0 || Number(port) > 65_535) {
    throw new UsageError(`--listen-peers is to be an address and a port, such as 0.0.0.0:6881, not “${said}”.`)
  }
  return { address, port: Number(port) }
}

function readHosters({ hosters }: Said): HosterAccount[] {
  if (hosters === undefined) return []
  if (!Array.isArray(hosters)) throw new UsageError('“hosters” is to be a list.')
  return hosters.map((one: unknown) => {
    const said = checkKeys(one, ['host', 'user', 'password', 'cookie'], 'A hoster')
    const [host, user, password, cookie] = [
      text(said, 'host'),
      text(said, 'user'),
      text(said, 'password'),
      text(said, 'cookie'),
    ]
    if (host === null || (user === null && cookie === null)) {
      throw new UsageError('Every hoster needs a “host”, and a “user” with a “password” or a “cookie”.')
    }
    return { host, user, password, cookie }
  })
}
