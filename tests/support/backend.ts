import { fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Backend, type BackendOptions, createBackend } from '../../electron/backend/backend.ts'
import type { Host, HostNotification, Question, SaverProcess } from '../../electron/backend/host/host.ts'
import { startInNode } from '../../electron/desktop/node-service.ts'
import type { FromSaver } from '../../electron/saver/messages.ts'
import type { EventData, EventName } from '../../shared/contract.ts'
import type { ItemColumns } from '../../shared/item.ts'
import { type Client, connect, type Port, type Wire } from '../../shared/rpc.ts'
import { serviceEntry } from './service.ts'
import { temporaryFolder } from './temp-folder.ts'

/** The two ends of a pipe within one process. Messages are cloned, as between processes. */
export function portPair(): [Port, Port] {
  const ends = [0, 1].map(() => ({ listeners: new Set<(message: unknown) => void>() }))
  const end = (mine: number, other: number): Port => ({
    send: (message: Wire) => {
      const copy: unknown = structuredClone(message)
      queueMicrotask(() => {
        for (const listener of ends[other]?.listeners ?? []) listener(copy)
      })
    },
    onMessage: (listener) => {
      ends[mine]?.listeners.add(listener)
    },
  })
  return [end(0, 1), end(1, 0)]
}

/** The real backend on a host without a window, and a window's end of the pipe. */
export interface TestBackend {
  backend: Backend
  client: Client
  dataFolder: string
  /** The entries of the log. */
  log: string[]
  /** The arguments of every start of the local service, and what was written to its standard input. */
  starts: { args: readonly string[]; told: unknown[] }[]
  /** Kills the running local service as a crash would. */
  killService(): void
  /** The folder for downloads, and those that the person will choose when asked, in turn. */
  downloadsFolder: string
  chosenFolders: string[]
  /** The paths that were shown in the system's file manager. */
  shown: string[]
  /** The paths that were dragged out of the window. */
  dragged: string[][]
  /** What the icon of the app showed, one after the other. */
  shares: (number | null)[]
  /** The paths that the person will choose to save a copy, in turn, and those that were opened in other programs. */
  chosenFiles: string[]
  opened: string[]
  /** The pages that were opened in the system's browser. */
  pages: string[]
  /** The texts that were put on the clipboard. */
  copied: string[]
  /** The files that are on the clipboard. */
  copiedFiles: string[]
  /** What the person was asked, and the buttons that they will press, in turn. */
  questions: Question[]
  answers: number[]
  /** The notifications that are shown. */
  notifications: HostNotification[]
  /** Whether the computer was kept from sleeping, in turn. */
  sleepPrevented: boolean[]
  /** Kills the process that saves files as a crash would. */
  killSaver(): void
  /** Its process, while it runs. */
  saverPid(): number | null
  /** Resolves with the data of an event once it meets the condition. */
  next<E extends EventName>(name: E, isWanted: (data: EventData<E>) => boolean): Promise<EventData<E>>
  close(): Promise<void>
}

export interface TestBackendOptions {
  dataFolder?: string
  protection?: 'protected' | 'plain'
  allowHosts?: string[]
  downloadsFolder?: string
  /** How long cancellations and deletions are held back; 0 by default, which the app never uses. */
  holdMs?: number
  /** The system has no program for any file, and no browser. */
  hasNoProgram?: boolean
  /** How often a sign-in asks whether it is approved, and for how long. Default: far more often than the app. */
  signIn?: BackendOptions['signIn']
  /** Called while a drag is being prepared. */
  beforeDrag?(): void
}

/** Opens the backend over an in-memory pipe; its local service is the real one, in a process of its own. */
export function openBackend(options: TestBackendOptions = {}): TestBackend {
  const { dataFolder = temporaryFolder('backend'), protection = 'protected' } = options
  const log: string[] = []
  const starts: TestBackend['starts'] = []
  let servicePid: number | null = null
  let saver: ReturnType<typeof fork> | null = null
  const { downloadsFolder = temporaryFolder('downloads') } = options
  const chosenFolders: string[] = []
  const shown: string[] = []
  const dragged: string[][] = []
  const questions: Question[] = []
  const answers: number[] = []
  const notifications: HostNotification[] = []
  const sleepPrevented: boolean[] = []
  const shares: (number | null)[] = []
  const opened: string[] = []
  const pages: string[] = []
  const copied: string[] = []
  const copiedFiles: string[] = []
  const chosenFiles: string[] = []
  if (options.dataFolder === undefined) writeFirstSettings(dataFolder, options.allowHosts ?? null)
  const host: Host = {
    dataFolder,
    secretKeeper: {
      isProtected: async () => protection === 'protected',
      encrypt: async (secret) => Buffer.from(secret, 'utf8').reverse(),
      decrypt: async (encrypted) => Buffer.from(encrypted).reverse().toString('utf8'),
    },
    startService: (args, note) => {
      const service = startInNode(process.execPath, serviceEntry, args, note)
      servicePid = service.pid
      const told: unknown[] = []
      starts.push({ args, told })
      return {
        ...service,
        send: (message) => {
          told.push(message)
          service.send(message)
        },
      }
    },
    whyNoService: () => null,
    startSaver: (note) => {
      saver = fork(saverEntry, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: ['--no-warnings'] })
      return asSaver(saver, note)
    },
    chooseFolder: async () => chosenFolders.shift() ?? null,
    chooseToSend: async () => [],
    chooseFile: async () => chosenFiles.shift() ?? null,
    downloadsFolder: () => downloadsFolder,
    prepareDrag: async (paths) => {
      options.beforeDrag?.()
      return () => void dragged.push([...paths])
    },
    showInFolder: (path) => void shown.push(path),
    openWithSystem: async (path) => {
      if (options.hasNoProgram) throw new Error('no program')
      opened.push(path)
    },
    openPage: async (url) => {
      if (options.hasNoProgram) throw new Error('no browser')
      pages.push(url)
    },
    claimScheme: () => undefined,
    ask: async (question) => {
      questions.push(question)
      return answers.shift() ?? question.buttons.length - 1
    },
    notify: (notification) => {
      notifications.push(notification)
      return () => void notifications.splice(notifications.indexOf(notification), 1)
    },
    isFocused: () => false,
    showWindow: () => undefined,
    preventSleep: (isPrevented) => void sleepPrevented.push(isPrevented),
    copyText: (text) => {
      copied.push(text)
      copiedFiles.length = 0
    },
    copiedText: async () => (copiedFiles.length > 0 ? '' : (copied.at(-1) ?? '')),
    copyFiles: async (paths) => void copiedFiles.splice(0, copiedFiles.length, ...paths),
    languages: () => ['de-AT', 'en'],
    showProgress: (share) => void shares.push(share),
    applyTheme: () => undefined,
    writeLog: (line) => void log.push(line),
  }
  const backend = createBackend(host, {
    holdMs: options.holdMs ?? 0,
    signIn: { pollMs: 30, budgetMs: 20_000, ...options.signIn },
  })
  const [ours, theirs] = portPair()
  backend.attach(theirs)
  const client = connect(ours)
  return {
    backend,
    client,
    dataFolder,
    log,
    starts,
    killService: () => {
      if (servicePid !== null) process.kill(servicePid, 'SIGKILL')
    },
    downloadsFolder,
    chosenFolders,
    chosenFiles,
    shown,
    dragged,
    questions,
    answers,
    notifications,
    sleepPrevented,
    shares,
    opened,
    pages,
    copied,
    copiedFiles,
    killSaver: () => void saver?.kill('SIGKILL'),
    saverPid: () => saver?.pid ?? null,
    next: (name, isWanted) =>
      new Promise((resolve) => {
        client.on(name, (data) => {
          if (isWanted(data)) resolve(data)
        })
      }),
    close: () => backend.close(),
  }
}

const saverEntry = join(import.meta.dirname, '../../electron/saver/main.ts')

function asSaver(child: ReturnType<typeof fork>, note: (line: string) => void): SaverProcess {
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  // Sending to one that was killed a moment ago fails; its exit is reported elsewhere.
  child.on('error', () => undefined)
  if (child.stderr !== null) createInterface({ input: child.stderr }).on('line', note)
  return {
    send: (message) => {
      if (child.connected) child.send(message)
    },
    onMessage: (listener) => child.on('message', (message: FromSaver) => listener(message)),
    onExit: (listener) => void ended.then(listener),
    stop: async () => {
      if (child.connected) child.send({ kind: 'stop' })
      await ended
    },
  }
}

/** The items of a folder. */
export async function listItems(client: Client, accountId: string, folderId: number): Promise<ItemColumns> {
  return (await client.call('items.open', { accountId, folderId, isReload: false })).items
}

/** No test uses the public DHT: that would leave this machine. */
function writeFirstSettings(dataFolder: string, hostsOnMyNetwork: string[] | null): void {
  const settings = { isDhtOn: false, ...(hostsOnMyNetwork === null ? {} : { hostsOnMyNetwork }) }
  writeFileSync(join(dataFolder, 'settings.json'), JSON.stringify({ settings }))
}
