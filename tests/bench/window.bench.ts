import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { _electron, type Page } from 'playwright-core'
import { type ElectronRuntime, withApp } from '../../build/electron-runtime.ts'
import { alternate, median, type Row, type Run, seconds, wall } from './measure.ts'
import type { BenchOptions } from './service.bench.ts'

/** A row of the list, with what stands in it. */
const shownRow = '[role=grid] [role=row] [role=gridcell]'

/** What starting a window took, and the script it loaded. */
interface Started extends Run {
  scriptBytes: number
}

/**
 * P19: from the start of the program until the last folder is on the screen (the local service started, its list shown), beside
 * an empty window of the same runtime. P28: the script which that window loaded.
 */
export async function benchWindow({ folder, pairs }: BenchOptions, runtime: ElectronRuntime): Promise<Row[]> {
  const emptyApp = join(folder, 'empty-app')
  mkdirSync(emptyApp, { recursive: true })
  writeFileSync(join(emptyApp, 'package.json'), '{"name":"empty","main":"main.cjs"}')
  writeFileSync(join(emptyApp, 'index.html'), '<!doctype html><title>empty</title><p data-ready>empty</p>')
  writeFileSync(
    join(emptyApp, 'main.cjs'),
    "const{app,BrowserWindow}=require('electron');app.whenReady().then(()=>{const w=new BrowserWindow({width:1280,height:800,show:false,webPreferences:{sandbox:true}});w.once('ready-to-show',()=>w.show());w.loadFile('index.html')});app.on('window-all-closed',()=>app.quit())",
  )
  const empty = withApp(runtime, emptyApp, join(folder, 'empty-runtime'))
  const data = mkdtempSync(join(folder, 'data-'))
  const emptyData = mkdtempSync(join(folder, 'empty-data-'))
  await addThisComputer(runtime, data)
  let scriptBytes = 0
  const result = await alternate(
    pairs,
    async () => {
      const started = await start(runtime, data, shownRow)
      scriptBytes = started.scriptBytes
      return started
    },
    () => start(empty, emptyData, '[data-ready]'),
  )
  rmSync(data, { recursive: true })
  rmSync(emptyData, { recursive: true })
  return [
    {
      id: 'P19',
      what: 'the window starts, until the last folder is visible',
      ours: seconds(result.ours),
      peer: `empty Electron ${seconds(result.peer)}`,
      ratio: median(result.ours.map(wall)) / median(result.peer.map(wall)),
      noise: result.noise,
      isMoreBetter: false,
      gate: 1.4,
      goal: 1.15,
    },
    {
      id: 'P28',
      what: 'script that the first window loads, in kB',
      ours: `${(scriptBytes / 1000).toFixed(0)} kB`,
      peer: '550 kB',
      ratio: scriptBytes / 550_000,
      noise: null,
      isMoreBetter: false,
      gate: 1,
      goal: 380 / 550,
    },
  ]
}

async function launch(runtime: ElectronRuntime, data: string) {
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return _electron.launch({
    executablePath: runtime.executable,
    args: [...runtime.args, ...sandbox, '--disable-gpu', `--user-data-dir=${data}`],
    env: {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '',
      DISPLAY: process.env.DISPLAY ?? '',
      PUTDESK_NODE: process.execPath,
    },
  })
}

async function addThisComputer(runtime: ElectronRuntime, data: string): Promise<void> {
  const app = await launch(runtime, data)
  const page = await app.firstWindow()
  await page.getByRole('button', { name: 'Start on this computer' }).click()
  await page.getByRole('grid').waitFor()
  await page.getByText('Local service running').waitFor()
  await page.getByText('Nothing here yet.').waitFor()
  await page.keyboard.press('Control+Shift+N')
  await page.locator(shownRow).first().waitFor()
  await app.close()
}

async function start(runtime: ElectronRuntime, data: string, ready: string): Promise<Started> {
  const startedAt = performance.now()
  const app = await launch(runtime, data)
  const page = await app.firstWindow()
  await page.locator(ready).first().waitFor()
  const wallMs = performance.now() - startedAt
  const scriptBytes = await loadedScript(page, ready)
  await app.close()
  return { wallMs, cpuMs: null, scriptBytes }
}

/** Loads the page once more and adds up all the script it asks for until the list is there. */
async function loadedScript(page: Page, ready: string): Promise<number> {
  const network = await page.context().newCDPSession(page)
  const urls = new Set<string>()
  network.on('Network.requestWillBeSent', ({ request }) => {
    if (new URL(request.url).pathname.endsWith('.js')) urls.add(request.url)
  })
  await network.send('Network.enable')
  await page.reload()
  await page.locator(ready).first().waitFor()
  return page.evaluate(
    async (all) => {
      const sizes = await Promise.all(all.map(async (url) => (await (await fetch(url)).arrayBuffer()).byteLength))
      return sizes.reduce((sum, size) => sum + size, 0)
    },
    [...urls],
  )
}
