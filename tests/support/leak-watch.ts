import { readdirSync, readFileSync } from 'node:fs'
import type { RunningApp } from './app.ts'
import type { CanaryScanner, Found } from './canaries.ts'

/** Where a canary was found. */
interface Leak extends Found {
  place: string
}

/** Looks for canaries in a running app. */
export interface LeakWatch {
  /** What was found so far: each canary once for each place, with one of its encodings. */
  leaks: Leak[]
  /** Looks at everything that the main process has recorded since the last time. */
  collect(): Promise<void>
  /** Looks at the memory of the page. */
  scanMemory(): Promise<void>
  /** Notes what was found elsewhere. */
  add(leak: Leak): void
  /** Notes what is in a text or in bytes from some other place. */
  note(place: string, content: string | Buffer): void
  stop(): void
}

const processesEveryMs = 100

/**
 * Watches the arguments and the environment of every process of this machine, and in the main process the pipe in both directions, the
 * notifications, the title of the window and the clipboard.
 */
export async function watchForLeaks(running: RunningApp, scanner: CanaryScanner): Promise<LeakWatch> {
  const { app, page } = running
  const leaks = new Map<string, Leak>()
  const add = (leak: Leak) => leaks.set(`${leak.place} ${leak.canary}`, leak)
  const note = (place: string, content: string | Buffer) => {
    for (const found of scanner.find(content)) add({ place, ...found })
  }
  const sampling = setInterval(() => {
    for (const { place, bytes } of processes()) note(place, bytes)
  }, processesEveryMs)
  await app.evaluate(record)
  return {
    get leaks() {
      return [...leaks.values()]
    },
    collect: async () => {
      const recorded = await app.evaluate(() => {
        const all: [string, string][] = Reflect.get(globalThis, 'recorded')
        return all.splice(0)
      })
      for (const [place, text] of recorded) note(place, text)
    },
    scanMemory: async () => {
      const session = await page.context().newCDPSession(page)
      const find = scanner.stream()
      session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => {
        for (const found of find(chunk)) add({ place: 'memory of the page', ...found })
      })
      await session.send('HeapProfiler.enable')
      await session.send('HeapProfiler.collectGarbage')
      await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
      await session.detach()
    },
    add,
    note,
    stop: () => clearInterval(sampling),
  }
}

/** Runs in the main process, and records pairs of a place and a text in a global array. */
function record({ BrowserWindow, clipboard, ipcMain, Notification }: typeof import('electron')): void {
  const recorded: [string, string][] = []
  Reflect.set(globalThis, 'recorded', recorded)
  const textOf = (value: unknown) =>
    JSON.stringify(value, (_name, member) =>
      ArrayBuffer.isView(member)
        ? Buffer.from(member.buffer, member.byteOffset, member.byteLength).toString('latin1')
        : member,
    ) ?? ''
  const [window] = BrowserWindow.getAllWindows()
  if (window === undefined) throw new Error('there is no window')
  const methods = new Map<number, string>()
  const send = window.webContents.send.bind(window.webContents)
  window.webContents.send = (channel, ...args) => {
    const [message]: { id?: number; event?: string }[] = args
    const { id = -1, event } = message ?? {}
    recorded.push([`pipe, ${event ?? `answer to ${methods.get(id)}`}`, textOf(args)])
    send(channel, ...args)
  }
  ipcMain.prependListener('putio', (_event, message: { id: number; method?: string }) => {
    if (message.method !== undefined) methods.set(message.id, message.method)
    recorded.push([`pipe, request of ${message.method}`, textOf(message)])
  })
  const { show } = Notification.prototype
  Notification.prototype.show = function () {
    recorded.push(['notification', `${this.title}\n${this.body}`])
    show.call(this)
  }
  setInterval(() => {
    if (!window.isDestroyed()) recorded.push(['title of the window', window.getTitle()])
    const readBuffer: unknown = Reflect.get(clipboard, 'readBuffer')
    const formats = typeof readBuffer === 'function' ? ['text/uri-list', 'text/html', 'text/plain'] : []
    for (const format of formats)
      recorded.push(['clipboard', String(Reflect.apply(Reflect.get(clipboard, 'readBuffer'), clipboard, [format]))])
    void Promise.resolve(clipboard.readText()).then((text) => recorded.push(['clipboard', text]))
  }, 200)
}

/** The arguments and the environment of all processes. */
function* processes(): Generator<{ place: string; bytes: Buffer }> {
  for (const id of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    for (const kind of ['cmdline', 'environ'])
      try {
        yield { place: `${kind} of a process`, bytes: readFileSync(`/proc/${id}/${kind}`) }
      } catch {
        // It has ended since the folder was read, or belongs to somebody else.
      }
}
