import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { type ElectronRuntime, withApp } from '../../build/electron-runtime.ts'
import { startApp } from '../support/app.ts'
import { makeFolder, startOnThisComputer } from '../support/steps.ts'
import { alternate, median, type Row, type Run, seconds, wall } from './measure.ts'
import { type Screen, type Spot, startScreen } from './screen.ts'
import type { BenchOptions } from './service.bench.ts'

const amber: Spot['color'] = [0xcf, 0xa1, 0x17]
/** The folder's icon in the first row of the list; the empty window has a square of that colour at the same place. */
const firstRow: Spot = { x: 246, y: 84, width: 16, height: 20, color: amber }
/** The check mark beside "Local service running" in the status bar. */
const serviceTick: Spot = { x: 1100, y: 776, width: 60, height: 20, color: [0x1c, 0x8a, 0x4b] }

/**
 * P19: from the start of the program until the last folder is on the screen. P19s, with a gate of our own: until the local service
 * has answered. Both compared with an empty window of the same runtime, by the pixels of the screen. P28: the script that the first
 * window loads.
 */
export async function benchWindow({ folder, pairs }: BenchOptions, runtime: ElectronRuntime): Promise<Row[]> {
  const screen = await startScreen(join(folder, 'screen'))
  try {
    const data = mkdtempSync(join(folder, 'data-'))
    const emptyData = mkdtempSync(join(folder, 'empty-data-'))
    const empty = emptyApp(runtime, folder)
    const scriptBytes = await prepare(data, screen)
    const compare = async (id: string, spot: Spot, what: string, gate: number, goal: number): Promise<Row> => {
      const result = await alternate(
        pairs,
        () => start(runtime, data, screen, spot),
        () => start(empty, emptyData, screen, firstRow),
      )
      return {
        id,
        what,
        ours: seconds(result.ours),
        peer: `empty Electron ${seconds(result.peer)}`,
        ratio: median(result.ours.map(wall)) / median(result.peer.map(wall)),
        noise: result.noise,
        isMoreBetter: false,
        gate,
        goal,
      }
    }
    return [
      await compare('P19', firstRow, 'start the window until the last folder is on the screen', 1.4, 1.15),
      await compare('P19s', serviceTick, 'start the window until the local service has answered', 1.8, 1.3),
      {
        id: 'P28',
        what: 'script loaded by the first window',
        ours: `${(scriptBytes / 1000).toFixed(0)} kB`,
        peer: 'limit 550 kB',
        ratio: scriptBytes / 550_000,
        noise: null,
        isMoreBetter: false,
        gate: 1,
        goal: 380 / 550,
      },
    ]
  } finally {
    screen.stop()
  }
}

/** An app that only shows an empty window. */
function emptyApp(runtime: ElectronRuntime, folder: string): ElectronRuntime {
  const app = join(folder, 'empty-app')
  mkdirSync(app, { recursive: true })
  writeFileSync(join(app, 'package.json'), '{"name":"empty","main":"main.cjs"}')
  const place = `position:fixed;left:${firstRow.x}px;top:${firstRow.y}px;width:16px;height:16px;background:rgb(${amber.join()})`
  writeFileSync(join(app, 'index.html'), `<!doctype html><title>empty</title><p style="${place}"></p>`)
  writeFileSync(
    join(app, 'main.cjs'),
    `const { app, BrowserWindow, Menu } = require('electron')
     Menu.setApplicationMenu(null)
     app.whenReady().then(() => {
       const window = new BrowserWindow({ width: 1280, height: 800, useContentSize: true, show: false, webPreferences: { sandbox: true } })
       window.once('ready-to-show', () => window.show())
       window.loadFile('index.html')
     })
     app.on('window-all-closed', () => app.quit())`,
  )
  return withApp(runtime, app, join(folder, 'empty-runtime'))
}

function argumentsOf(runtime: ElectronRuntime, data: string): string[] {
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return [...runtime.args, ...sandbox, '--disable-gpu', '--force-device-scale-factor=1', `--user-data-dir=${data}`]
}

function environmentOf(screen: Screen): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env
  return { PATH, HOME, DISPLAY: screen.name, PUTDESK_NODE: process.execPath }
}

/** Starts a program, waits until a spot of the screen shows its colour, and ends the program. */
async function start(runtime: ElectronRuntime, data: string, screen: Screen, spot: Spot): Promise<Run> {
  const startedAt = performance.now()
  const child = spawn(runtime.executable, argumentsOf(runtime, data), { stdio: 'ignore', env: environmentOf(screen) })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  try {
    await screen.shows(spot, AbortSignal.timeout(30_000))
    return { wallMs: performance.now() - startedAt, cpuMs: null }
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

/** Makes the account and a folder, which later starts show. Returns the size of the script that the window loads, in bytes. */
async function prepare(data: string, screen: Screen): Promise<number> {
  const { page, close } = await startApp({ dataFolder: data, environment: { DISPLAY: screen.name } })
  await startOnThisComputer(page)
  await makeFolder(page, 'Films')
  const bytes = await loadedScript(page)
  await page.waitForFunction(() => localStorage.getItem('last-window')?.includes('"names":"Films"'))
  await close()
  return bytes
}

/** Reloads the page, and adds up the size of all scripts it requests until the list is there. */
async function loadedScript(page: Page): Promise<number> {
  const network = await page.context().newCDPSession(page)
  const urls = new Set<string>()
  network.on('Network.requestWillBeSent', ({ request }) => {
    if (new URL(request.url).pathname.endsWith('.js')) urls.add(request.url)
  })
  await network.send('Network.enable')
  await page.reload()
  await page.getByRole('row', { name: /^Films/ }).waitFor()
  return page.evaluate(
    async (all) => {
      const sizes = await Promise.all(all.map(async (url) => (await (await fetch(url)).arrayBuffer()).byteLength))
      return sizes.reduce((sum, size) => sum + size, 0)
    },
    [...urls],
  )
}
