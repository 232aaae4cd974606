import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { ChildOptions, FromChild, ToChild } from './backend-child.ts'

/** The backend in a process of its own, and what it tells of its saves, of which one runs at a time. */
export class Course {
  readonly #folders: Omit<ChildOptions, 'account'>
  #child: ChildProcess | null = null
  #saverPid: number | null = null
  #savedBytes = 0
  #watchers: (() => void)[] = []
  readonly #finished = new Set<string>()
  isSaved = false
  saved: Promise<void> = Promise.resolve()
  #finish: () => void = () => undefined

  constructor(folders: Omit<ChildOptions, 'account'>) {
    this.#folders = folders
    mkdirSync(folders.dataFolder, { recursive: true })
    writeFileSync(join(folders.dataFolder, 'settings.json'), JSON.stringify({ settings: { isDhtOn: false } }))
  }

  async start(account: ChildOptions['account']): Promise<void> {
    const entry = join(import.meta.dirname, 'backend-child.ts')
    const options: ChildOptions = { ...this.#folders, account }
    const child = fork(entry, [JSON.stringify(options)], {
      execArgv: ['--no-warnings'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#child = child
    await new Promise<void>((resolve) => {
      child.on('message', (message: FromChild) => {
        if (message.kind === 'ready') resolve()
        else if (message.kind === 'saver') this.#saverPid = message.pid
        else this.#see(message)
      })
    })
  }

  /** The ids of the processes. */
  pids(): { backend: number | null; saver: number | null } {
    return { backend: this.#child?.pid ?? null, saver: this.#saverPid }
  }

  begin(): void {
    this.isSaved = false
    this.#savedBytes = 0
    this.saved = new Promise((resolve) => {
      this.#finish = resolve
    })
    this.#tell('save')
  }

  /** Resolves when so many bytes are reported. */
  reached(bytes: number): Promise<void> {
    return new Promise((resolve) => {
      const watch = () => {
        if (this.#savedBytes < bytes) this.#watchers.push(watch)
        else resolve()
      }
      watch()
    })
  }

  /** Kills the process that saves, or the backend; resolves when nothing saves any more. */
  async kill(isSaver: boolean): Promise<void> {
    const saver = this.#saverPid
    if (isSaver) this.#tell('kill the saver')
    else {
      const gone = new Promise((resolve) => this.#child?.once('exit', resolve))
      this.#child?.kill('SIGKILL')
      await gone
    }
    this.#savedBytes = 0
    while (saver !== null && isRunning(saver)) await wait(5)
  }

  /** Removes the saves from the list. */
  clear(): void {
    this.#tell('clear')
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#child?.once('exit', resolve))
    this.#child?.disconnect()
    await gone
  }

  #see({ id, status, savedBytes }: Extract<FromChild, { kind: 'save' }>): void {
    // News of the one before may come late.
    if (this.#finished.has(id)) return
    this.#savedBytes = savedBytes
    if (status === 'saved') {
      this.#finished.add(id)
      this.isSaved = true
      this.#finish()
    }
    for (const watch of this.#watchers.splice(0)) watch()
  }

  #tell(message: ToChild): void {
    this.#child?.send(message)
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
