import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import type { Log } from '../host/log.ts'
import type { PlayerControl, PlayerEvents } from './player-control.ts'

/** Where VLC shall listen. The password is in a private configuration, because arguments are visible to every user. */
export interface VlcInterface {
  options: string[]
  port: number
  password: string
  /** Deletes the configuration. */
  remove(): void
}

/** How often VLC is asked for its position. */
const pollMs = 1000
const maxConfigBytes = 1024 * 1024
const maxAnswerBytes = 4 * 1024 * 1024
const Status = z.object({ state: z.string(), length: z.number(), position: z.number() })
type Node = { uri?: string | undefined; current?: string | undefined; children?: Node[] | undefined }
const Node: z.ZodType<Node> = z.lazy(() =>
  z.object({ uri: z.string().optional(), current: z.string().optional(), children: z.array(Node).optional() }),
)

/** Prepares VLC's HTTP interface: a free port, and a copy of the person's configuration with a random password in a private folder. */
export async function prepareVlc(folder: string, environment: NodeJS.ProcessEnv): Promise<VlcInterface> {
  const port = await freePort()
  const password = randomBytes(16).toString('hex')
  const config = join(folder, 'vlcrc')
  writeFileSync(config, withPassword(readConfig(environment), password), { mode: 0o600, flag: 'wx' })
  return {
    options: [`--config=${config}`, '--extraintf=http', '--http-host=127.0.0.1', `--http-port=${port}`],
    port,
    password,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Follows a VLC over its HTTP interface. Source: VLC's `lua/http/requests/README.txt`. */
export function followVlc(vlc: VlcInterface, events: PlayerEvents, log: Log): PlayerControl {
  let link: string | null = null
  let isAsking = false
  let state = ''
  let isClosed = false

  const enter = async (opened: string) => {
    for (const subtitle of await events.onFile(opened).subtitles)
      await ask(vlc, `status.json?command=addsubtitle&val=${encodeURIComponent(subtitle)}`)
  }
  const poll = async () => {
    const status = Status.safeParse(await ask(vlc, 'status.json')).data
    if (status === undefined || !['playing', 'paused'].includes(status.state) || status.length <= 0) return
    const current = currentOf(Node.parse(await ask(vlc, 'playlist.json')))
    if (current === null || isClosed) return
    if (current !== link) {
      link = current
      enter(current).catch((error: unknown) => log.error('vlc', error))
    }
    events.onPosition(current, status.position * status.length, status.length)
    if (status.state === 'paused' && state !== 'paused') events.onPause()
    state = status.state
  }

  const timer = setInterval(() => {
    if (isAsking) return
    isAsking = true
    poll()
      // It is starting, or has just ended.
      .catch(() => undefined)
      .finally(() => {
        isAsking = false
      })
  }, pollMs).unref()
  return {
    close: () => {
      isClosed = true
      clearInterval(timer)
      vlc.remove()
    },
  }
}

function currentOf(node: Node): string | null {
  if (node.current !== undefined && node.uri !== undefined) return node.uri
  for (const child of node.children ?? []) {
    const found = currentOf(child)
    if (found !== null) return found
  }
  return null
}

function ask({ port, password }: VlcInterface, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, path: `/requests/${path}`, auth: `:${password}`, timeout: 5000 },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (chunk: string) => {
          text += chunk
          if (text.length > maxAnswerBytes) asked.destroy(new Error('VLC answers too much'))
        })
        answer.on('error', reject)
        answer.on('end', () => {
          try {
            resolve(JSON.parse(text))
          } catch (error) {
            reject(error)
          }
        })
      },
    )
    asked.on('timeout', () => asked.destroy(new Error('VLC does not answer')))
    asked.on('error', reject)
    asked.end()
  })
}

function withPassword(config: string, password: string): string {
  const kept = config.split(/\r?\n/).filter((line) => !/^\s*http-password\s*=/.test(line))
  return `${kept.join('\n')}\n[lua]\nhttp-password=${password}\n`
}

/** The person's own configuration; empty if there is none. */
function readConfig(environment: NodeJS.ProcessEnv): string {
  const path = configPath(environment)
  try {
    return existsSync(path) ? readFileSync(path, 'utf8').slice(0, maxConfigBytes) : ''
  } catch {
    // VLC could not read it either.
    return ''
  }
}

function configPath(environment: NodeJS.ProcessEnv): string {
  if (process.platform === 'win32') return join(environment.APPDATA ?? '', 'vlc', 'vlcrc')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Preferences', 'org.videolan.vlc', 'vlcrc')
  return join(environment.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'vlc', 'vlcrc')
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0))
    })
  })
}
