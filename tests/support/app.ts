import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { _electron, type ElectronApplication, type Page } from 'playwright-core'
import * as z from 'zod'

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

/** Starts the built app in the Electron that `npm test` found. */
export async function startApp({
  dataFolder = mkdtempSync(join(tmpdir(), 'putdesk-e2e-')),
  environment = {},
  args = [],
}: AppOptions = {}): Promise<RunningApp> {
  const runtime = Runtime.parse(JSON.parse(process.env.PUTDESK_TEST_ELECTRON ?? 'null'))
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const app = await _electron.launch({
    executablePath: runtime.executable,
    args: [...runtime.args, ...sandbox, '--disable-gpu', `--user-data-dir=${dataFolder}`, ...args],
    env: { ...definedEnvironment(), PUTDESK_NODE: process.execPath, ...environment },
  })
  const page = await app.firstWindow()
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
