import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A fetch in a process of its own. */
export interface FetchChild {
  pid: number
  /** All messages so far. */
  messages: ChildMessage[]
  /** Resolves with the first message, past or future, that meets the condition. */
  heard(isWanted: (message: ChildMessage) => boolean): Promise<ChildMessage>
  /** Resolves with its exit code, or null when it was killed. */
  ended: Promise<number | null>
  kill9(): Promise<void>
}

interface ChildMessage {
  trouble?: string | null
  sizeBytes?: number
  error?: string
}

export interface FetchChildOptions {
  /** A prefix of the command, such as strace and its options. */
  before?: string[]
  environment?: Record<string, string>
}

/** Starts a fetch as a real child process, which is `fetch-child.ts`. */
export function startFetchChild(told: Record<string, unknown>, options: FetchChildOptions = {}): FetchChild {
  const entry = join(import.meta.dirname, 'fetch-child.ts')
  const [command = process.execPath, ...rest] = [
    ...(options.before ?? []),
    process.execPath,
    '--no-warnings',
    entry,
    JSON.stringify(told),
  ]
  const child = spawn(command, rest, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...options.environment },
  })
  const messages: ChildMessage[] = []
  let watchers: (() => void)[] = []
  createInterface(child.stdout).on('line', (line) => {
    messages.push(JSON.parse(line))
    for (const watch of watchers) watch()
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  return {
    pid: child.pid ?? 0,
    messages,
    heard: (isWanted) =>
      new Promise((resolve, reject) => {
        const watch = () => {
          const found = messages.find(isWanted)
          if (found === undefined) return
          watchers = watchers.filter((other) => other !== watch)
          resolve(found)
        }
        watchers.push(watch)
        watch()
        const giveUp = () => reject(new Error(`it ended without: ${JSON.stringify(messages)}`))
        ended.then(giveUp, giveUp)
      }),
    ended,
    kill9: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}
