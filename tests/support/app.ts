import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import * as z from 'zod'
import { connectToMainProcess, type MainProcess } from './main-process.ts'
import { temporaryFolder } from './temp-folder.ts'

const Runtime = z.object({ executable: z.string(), args: z.array(z.string()) })

/** The real app in a real window, with a data folder of its own. */
export interface RunningApp {
  app: MainProcess
  page: Page
  dataFolder: string
  /** Quits the app as a user would. */
  close(): Promise<void>
  /** Ends the main process with SIGKILL, as a crash would. */
  kill(): Promise<void>
  /** Quits the app and removes its data folder. */
  dispose(): Promise<void>
}

export interface AppOptions {
  /** An existing data folder to start with. Default: a new one. */
  dataFolder?: string
  environment?: Record<string, string>
  args?: readonly string[]
  /** Settings other than the defaults, for a new data folder. */
  settings?: Record<string, unknown>
}

const windowWithinMs = 60_000
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** No test uses the public DHT: that would leave this machine. */
function writeSettings(dataFolder: string, settings: Record<string, unknown>): void {
  const path = join(dataFolder, 'settings.json')
  const isFirstStart = !existsSync(dataFolder) || readdirSync(dataFolder).length === 0
  if (isFirstStart) writeFileSync(path, JSON.stringify({ settings: { isDhtOn: false, ...settings } }))
}

/** Starts the built app in the Electron that `npm test` found, and resolves when its window shows its page. */
export async function startApp({
  dataFolder = temporaryFolder('e2e'),
  environment = {},
  args = [],
  settings = {},
}: AppOptions = {}): Promise<RunningApp> {
  writeSettings(dataFolder, settings)
  const child = spawnElectron(dataFolder, ['--inspect=0', '--remote-debugging-port=0', ...args], environment)
  running.add(child)
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  exited.then(() => running.delete(child)).catch(() => undefined)
  const [inspector, devTools] = await addressesOf(child)
  const app = await connectToMainProcess(inspector)
  await pageIsLoaded(app)
  const browser = await chromium.connectOverCDP(`http://${devTools}`)
  const page = browser.contexts()[0]?.pages()[0]
  if (page === undefined) throw new Error('the app has no window')
  const end = async () => {
    await app.quit()
    await exited
    // Called before the app has ended, this would wait half a minute for an answer that Electron does not give.
    await browser.close()
    removeArtifacts()
  }
  let ended: Promise<void> | null = null
  const die = async () => {
    child.kill('SIGKILL')
    await exited
    await browser.close()
    removeArtifacts()
    removeRemains()
  }
  const close = () => {
    ended ??= end()
    return ended
  }
  return {
    app,
    page,
    dataFolder,
    close,
    kill: () => {
      ended ??= die()
      return ended
    },
    dispose: async () => {
      await close()
      rmSync(dataFolder, { recursive: true, force: true })
    },
  }
}

/** Playwright removes its own folder once the app has ended, but offers no way to wait for that. */
function removeArtifacts(): void {
  for (const name of readdirSync(tmpdir()))
    if (name.startsWith('playwright-artifacts-')) rmSync(join(tmpdir(), name), { recursive: true, force: true })
}

/** Removes what Chromium's processes leave behind that are killed. */
function removeRemains(): void {
  for (const name of readdirSync(tmpdir()))
    if (/^(scoped_dir|\.org\.chromium)/.test(name)) rmSync(join(tmpdir(), name), { recursive: true, force: true })
}

/** The addresses of the main process's inspector and of the pages' DevTools, as printed by Electron. */
function addressesOf(child: ChildProcess): Promise<[inspector: string, devTools: string]> {
  return new Promise((resolve, reject) => {
    let printed = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
      const inspector = /Debugger listening on (ws:\S+)/.exec(printed)?.[1]
      const devTools = /DevTools listening on ws:\/\/([\d.:]+)/.exec(printed)?.[1]
      if (inspector !== undefined && devTools !== undefined) resolve([inspector, devTools])
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the app ended with ${code}:\n${printed}`)))
  })
}

/**
 * Waits until the window has loaded its page. A driver that attaches to a window while it navigates away from its first, empty
 * document can miss that, and then waits forever.
 */
async function pageIsLoaded(app: MainProcess): Promise<void> {
  const isLoaded = () =>
    app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().some(
        ({ webContents }) => webContents.getURL().startsWith('app://') && !webContents.isLoadingMainFrame(),
      ),
    )
  const endMs = performance.now() + windowWithinMs
  while (!(await isLoaded())) {
    if (performance.now() > endMs) throw new Error('the app shows no page')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function spawnElectron(
  dataFolder: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): ChildProcess {
  const runtime = Runtime.parse(JSON.parse(process.env.PUTDESK_TEST_ELECTRON ?? 'null'))
  // For an ordinary user the real sandbox is part of the test.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const switches = [...sandbox, '--disable-gpu', `--user-data-dir=${dataFolder}`]
  return spawn(runtime.executable, [...runtime.args, ...switches, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PUTDESK_NODE: process.execPath, ...environment },
  })
}

/** Starts the app again with the same data folder, as the system does to open something; resolves when that process has exited. */
export function secondStart(dataFolder: string, args: readonly string[]): Promise<void> {
  const child = spawnElectron(dataFolder, args)
  child.stderr?.resume()
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', () => resolve())
  })
}

/** Drops data and files on the window as the operating system does, through the browser's own drag pipeline. Default: in its middle. */
export async function dropOnWindow(
  page: Page,
  items: { mimeType: string; data: string }[],
  files: string[] = [],
  at: { x: number; y: number } | null = null,
): Promise<void> {
  const point = at ?? (await page.evaluate(() => ({ x: window.innerWidth / 2, y: window.innerHeight / 2 })))
  const client = await page.context().newCDPSession(page)
  // Copy, link and move, as a file manager allows.
  const dragOperationsMask = 1 | 2 | 16
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await client.send('Input.dispatchDragEvent', { type, ...point, data: { items, files, dragOperationsMask } })
  }
  await client.detach()
}
