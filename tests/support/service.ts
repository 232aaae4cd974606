import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { temporaryFolder } from './temp-folder.ts'

/** Options of the local service, all with a default. */
export interface ServiceOptions {
  /** The data folder. Default: a new one. */
  data?: string
  key?: string
  secret?: string
  token?: string
  user?: string
  password?: string
  diskQuota?: number
  bandwidthQuota?: number
  activeLimit?: number
  busy?: 'always' | 'never' | 'auto'
  port?: number
  /** Default: 127.0.0.1, where the tests' own web servers are. */
  allowHosts?: string[]
  /** More flags, such as `--largest-file`. */
  flags?: string[]
  /** Environment variables, added to those of this process. */
  environment?: Record<string, string>
  /** A program other than `server/main.ts`, such as a bundle. */
  entry?: string
}

export interface Service {
  url: string
  port: number
  key: string
  secret: string
  /** The access token for API v2. */
  token: string
  data: string
  notice: string | null
  child: ChildProcess
  /** Everything written to its log so far. */
  log: () => string
  /** Calls a method of API v1 as the service's own user, and returns the whole envelope. */
  ask: (name: string, params?: Record<string, unknown>, extra?: Record<string, unknown>) => Promise<Envelope>
  stop: () => Promise<number | null>
  kill9: () => Promise<void>
}

/** An answer of API v1: the HTTP status, and the parts of the envelope that tests look at. */
export interface Envelope {
  status: number
  error: boolean
  message: string | null
  // The shape depends on the method; a test compares it as a whole.
  results: unknown
  rows: Record<string, unknown>[]
}

// A failing test leaves no service behind.
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** The program that is started as the local service. */
export const serviceEntry = process.env.PUTDESK_TEST_SERVICE ?? join(import.meta.dirname, '../../server/main.ts')

/** Starts the real local service as a child process and resolves when it listens. */
export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const {
    key = 'test-key',
    secret = 'test-secret',
    token = 'a-test-token-of-28-characters',
    allowHosts = ['127.0.0.1'],
  } = options
  const data = options.data ?? temporaryFolder('service')
  const flags: [string, string | number | undefined][] = [
    ['port', options.port ?? 0],
    ['data', data],
    ['key', key],
    ['secret', secret],
    ['token', token],
    ['user', options.user],
    ['password', options.password],
    ['disk-quota', options.diskQuota],
    ['bandwidth-quota', options.bandwidthQuota],
    ['active-limit', options.activeLimit],
    ['busy', options.busy ?? 'never'],
    ['dht', 'off'],
    ...allowHosts.map((host): [string, string] => ['allow-host', host]),
  ]
  const argv = flags.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, `${value}`]))
  argv.push(...(options.flags ?? []))
  const entry = options.entry ?? serviceEntry
  const child = spawn(process.execPath, ['--no-warnings', entry, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.environment },
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  let log = ''
  child.stderr.on('data', (chunk) => {
    log += chunk
  })
  const gone = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  const line = await Promise.race([
    new Promise<string>((resolve) => createInterface(child.stdout).once('line', resolve)),
    gone.then((code) => {
      throw new Error(`the service ended with ${code} before it listened: ${log}`)
    }),
  ])
  const ready: { port: number; url: string; notice?: string } = JSON.parse(line)
  return {
    url: ready.url,
    port: ready.port,
    key,
    secret,
    token,
    data,
    notice: ready.notice ?? null,
    child,
    log: () => log,
    ask: (name, params = {}, extra = {}) =>
      ask(ready.url, name, { api_key: key, api_secret: secret, params, ...extra }),
    stop: async () => {
      child.kill('SIGTERM')
      return gone
    },
    kill9: async () => {
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** Calls `resource.method` of API v1 with a request object, in a form-encoded POST. */
export async function ask(url: string, name: string, request: Record<string, unknown>): Promise<Envelope> {
  const [resource = '', method = ''] = name.split('.')
  const response = await fetch(`${url}/v1/${resource}?method=${method}`, {
    method: 'POST',
    // The service may close a kept-alive connection at the moment in which it is used again.
    headers: { 'content-type': 'application/x-www-form-urlencoded', connection: 'close' },
    body: new URLSearchParams({ request: JSON.stringify(request) }).toString(),
  })
  const body: { error: boolean; error_message?: string | null; response: { results: unknown } } = JSON.parse(
    await response.text(),
  )
  const { results } = body.response
  return {
    status: response.status,
    error: body.error,
    message: body.error_message ?? null,
    results,
    rows: Array.isArray(results) ? results : [],
  }
}

const patienceMs = process.platform === 'win32' ? 120_000 : 40_000

/** Polls until an answer meets the condition; fails after 40 seconds, or two minutes on Windows, with the last answer. */
export async function until<T>(get: () => Promise<T>, isWanted: (value: T) => boolean): Promise<T> {
  const startMs = performance.now()
  for (;;) {
    const value = await get()
    if (isWanted(value)) return value
    const waitedMs = performance.now() - startMs
    if (waitedMs > patienceMs) throw new Error(`the condition is still not met: ${JSON.stringify(value)}`)
    // What takes long is not missed if it is asked for less often, which leaves the processors to other tests.
    await new Promise((resolve) => setTimeout(resolve, waitedMs < 1000 ? 20 : 60))
  }
}
