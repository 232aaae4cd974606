import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { _electron, type ElectronApplication, type Page } from 'playwright-core'
import * as z from 'zod'
import { commandLines } from './processes.ts'

const Runtime = z.object({ executable: z.string(), args: z.array(z.string()) })

/** The real app in a real window, with a data folder of its own. */
export interface RunningApp {
  app: ElectronApplication
  page: Page
  dataFolder: string
  /** Ends the app as a person would. */
  close(): Promise<void>
  /** Ends the app and removes its data folder. */
  dispose(): Promise<void>
}

export interface AppOptions {
  /** A data folder to start with again; without it a fresh one is made. */
  dataFolder?: string
  environment?: Record<string, string>
  args?: readonly string[]
}

/** No test asks the public table of people who share: that would leave this machine. */
function keepToThisMachine(dataFolder: string): void {
  const path = join(dataFolder, 'settings.json')
  if (!existsSync(path)) writeFileSync(path, JSON.stringify({ settings: { isDhtOn: false } }))
}

/** Starts the built app in the Electron that `npm test` found. */
export async function startApp({
  dataFolder = mkdtempSync(join(tmpdir(), 'putdesk-e2e-')),
  environment = {},
  args = [],
}: AppOptions = {}): Promise<RunningApp> {
  keepToThisMachine(dataFolder)
  const { app, page } = await joinPatiently(dataFolder, environment, args)
  const close = () => app.close()
  return {
    app,
    page,
    dataFolder,
    close,
    dispose: async () => {
      await close()
      rmSync(dataFolder, { recursive: true, force: true })
    },
  }
}

/**
 * Joins the driver to an app that it starts. Where a window is there before the driver has looked for windows, it now and then
 * waits for ever, with nothing wrong in the app: that app is ended, and another started.
 */
async function joinPatiently(dataFolder: string, environment: Record<string, string>, args: readonly string[]) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await joinApp(dataFolder, environment, args)
    } catch (error) {
      if (!(error instanceof NeverJoined) || tries === mostTries) throw error
      for (const [pid, line] of commandLines()) if (line.includes(dataFolder)) process.kill(pid, 'SIGKILL')
    }
  }
}

/** The driver and a running Electron did not find each other. */
class NeverJoined extends Error {}

const joinWithinMs = 12_000
const mostTries = 4

/** Starts the app and joins the driver to it. */
async function joinApp(dataFolder: string, environment: Record<string, string>, args: readonly string[]) {
  const runtime = Runtime.parse(JSON.parse(process.env.PUTDESK_TEST_ELECTRON ?? 'null'))
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const joined = async () => {
    const app = await _electron.launch({
      executablePath: runtime.executable,
      args: [...runtime.args, ...sandbox, '--disable-gpu', `--user-data-dir=${dataFolder}`, ...args],
      // As an ordinary user the real sandbox is part of what is tested.
      chromiumSandbox: sandbox.length === 0,
      env: { ...definedEnvironment(), PUTDESK_NODE: process.execPath, ...environment },
    })
    return { app, page: await app.firstWindow() }
  }
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new NeverJoined('the driver never joined the app')), joinWithinMs)
  })
  try {
    return await Promise.race([joined(), late])
  } finally {
    clearTimeout(timer)
  }
}

function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

/** Drops something on the window as the operating system does: through the browser's own drag pipeline. */
export async function dropOnWindow(
  page: Page,
  items: { mimeType: string; data: string }[],
  at?: { x: number; y: number },
): Promise<void> {
  const size = await page.evaluate(() => ({ x: window.innerWidth / 2, y: window.innerHeight / 2 }))
  const client = await page.context().newCDPSession(page)
  const point = at ?? size
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await client.send('Input.dispatchDragEvent', { type, ...point, data: { items, dragOperationsMask: 1 } })
  }
  await client.detach()
}
