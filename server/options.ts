import { parseArgs } from 'node:util'
import type { Credentials } from './core/account.ts'

/** What the command line sets. */
export interface Options {
  port: number
  folder: string
  /** Null when the app that started the service tells them. */
  credentials: Credentials | null
  diskQuotaBytes: number | null
  bandwidthQuotaBytes: number | null
  activeLimit: number
  busy: 'always' | 'never' | 'auto'
  allowHosts: string[]
}

/** What is wrong with the command line, in a sentence. */
export class UsageError extends Error {
  override name = 'UsageError'
}

const defaultActiveLimit = 5

/** Reads the command line. With `--parent` no credentials are taken from it. */
export function readOptions(argv: string[]): Options {
  const { values } = parse(argv)
  const { data, key, secret, busy = 'auto' } = values
  if (data === undefined || data === '') throw new UsageError('--data is missing: the folder to keep everything in.')
  if (busy !== 'always' && busy !== 'never' && busy !== 'auto') {
    throw new UsageError(`--busy can be always, never or auto, not “${busy}”.`)
  }
  const rest = {
    port: number('port', values.port, { absent: 0, most: 65_535 }) ?? 0,
    folder: data,
    diskQuotaBytes: number('disk-quota', values['disk-quota'], { absent: null }),
    bandwidthQuotaBytes: number('bandwidth-quota', values['bandwidth-quota'], { absent: null }),
    activeLimit:
      number('active-limit', values['active-limit'], { absent: defaultActiveLimit, least: 1 }) ?? defaultActiveLimit,
    busy,
    allowHosts: values['allow-host'] ?? [],
  } as const
  if (values.parent === true) {
    if (key !== undefined || secret !== undefined || values.password !== undefined) {
      throw new UsageError('With --parent the credentials come on the standard input, never on the command line.')
    }
    return { ...rest, credentials: null }
  }
  if (!key) throw new UsageError('--key is missing: the API key that clients sign their requests with.')
  if (!secret) throw new UsageError('--secret is missing: the API secret that clients sign their requests with.')
  return { ...rest, credentials: { key, secret, user: values.user ?? 'you', password: values.password ?? null } }
}

function parse(argv: string[]) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args: argv,
      options: {
        port: text,
        data: text,
        key: text,
        secret: text,
        user: text,
        password: text,
        'disk-quota': text,
        'bandwidth-quota': text,
        'active-limit': text,
        busy: text,
        'allow-host': { type: 'string', multiple: true },
        parent: { type: 'boolean' },
      },
    })
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

function number(
  flag: string,
  said: string | undefined,
  { absent, least = 0, most = Number.MAX_SAFE_INTEGER }: { absent: number | null; least?: number; most?: number },
): number | null {
  if (said === undefined) return absent
  const value = /^\d{1,16}$/.test(said) ? Number(said) : Number.NaN
  if (!(value >= least && value <= most))
    throw new UsageError(`--${flag} is to be a whole number from ${least} on, not “${said}”.`)
  return value
}
