import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
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
  /** Settings beside the defaults, for a fresh data folder. */
  settings?: Record<string, unknown>
  /** Done right before the app starts, and again before each other start that it takes to join the driver to it. */
  beforeStart?: () => void
}

/** No test asks the public table of people who share: that would leave this machine. */
function writeSettings(dataFolder: string, settings: Record<string, unknown>): void {
  const path = join(dataFolder, 'settings.json')
  const isFirstStart = !existsSync(dataFolder) || readdirSync(dataFolder).length === 0
  if (isFirstStart) writeFileSync(path, JSON.stringify({ settings: { isDhtOn: false, ...settings } }))
}

/** Starts the built app in the Electron that `npm test` found. */
export async function startApp({
  dataFolder = mkdtempSync(join(tmpdir(), 'putdesk-e2e-')),
  environment = {},
  args = [],
  settings = {},
  beforeStart = () => undefined,
}: AppOptions = {}): Promise<RunningApp> {
  writeSettings(dataFolder, settings)
  const { app, page } = await joinPatiently(dataFolder, { environment, args, beforeStart })
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
async function joinPatiently(
  dataFolder: string,
  { environment, args, beforeStart }: Required<Pick<AppOptions, 'environment' | 'args' | 'beforeStart'>>,
) {
  for (let tries = 1; ; tries += 1) {
    beforeStart()
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

/** Starts the app once more with the same data folder, as the system does to open something; resolves when that start has ended. */
export function secondStart(dataFolder: string, args: readonly string[]): Promise<void> {
  const runtime = Runtime.parse(JSON.parse(process.env.PUTDESK_TEST_ELECTRON ?? 'null'))
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const switches = [...sandbox, '--disable-gpu', `--user-data-dir=${dataFolder}`]
  return new Promise((resolve, reject) => {
    const child = spawn(runtime.executable, [...runtime.args, ...switches, ...args], { stdio: 'ignore' })
    child.once('error', reject)
    child.once('exit', () => resolve())
  })
}

function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

/** Drops something, and files by their paths, on the window as the operating system does: through the browser's own drag pipeline. */
export async function dropOnWindow(
  page: Page,
  items: { mimeType: string; data: string }[],
  files: string[] = [],
): Promise<void> {
  const point = await page.evaluate(() => ({ x: window.innerWidth / 2, y: window.innerHeight / 2 }))
  const client = await page.context().newCDPSession(page)
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await client.send('Input.dispatchDragEvent', { type, ...point, data: { items, files, dragOperationsMask: 1 } })
  }
  await client.detach()
}
