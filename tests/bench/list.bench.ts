import { type ChildProcess, spawn } from 'node:child_process'
import { linkSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CDPSession, chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import { type ElectronRuntime, withApp } from '../../build/electron-runtime.ts'
import { openDatabase } from '../../server/core/data/database.ts'
import { openContent } from '../../server/core/space/content.ts'
import { createSpace } from '../../server/core/space/space.ts'
import { startApp } from '../support/app.ts'
import { pngOf } from '../support/contents.ts'
import { startOnThisComputer } from '../support/steps.ts'
import { alternate, medianMs, milliseconds, type Row, type Run } from './measure.ts'
import type { BenchOptions } from './service.bench.ts'

const count = 100_000
const rowHeight = 32
const stepRows = 20
const steps = 240
/** After so many steps, scrolling rests for long enough that thumbnails are made. */
const restEvery = 30
const restMs = 400
/** No more rounds: each one scrolls through rows of its own, so that their thumbnails are made then. */
const maxRounds = 3
const quiet = ['--disable-renderer-backgrounding', '--disable-backgrounding-occluded-windows']

/** A window with the list, whose main thread can be observed. */
interface Measured {
  page: Page
  devTools: CDPSession
  /** The number of the first row that the next run scrolls through. */
  nextRow: number
}

/**
 * P11: show a folder of 100,000 files, from the moment its data is in the page until it is painted. P11s: the main thread's time for
 * each step of 20 rows while 4,800 rows are scrolled past. P11h: the heap after that, without garbage. Ours is the whole window, with
 * thumbnails; the peer is a page with nothing but a list on TanStack Virtual. The lists have the same size.
 */
export async function benchList({ folder, pairs }: BenchOptions, runtime: ElectronRuntime): Promise<Row[]> {
  const data = join(folder, 'list-data')
  mkdirSync(data)
  const first = await startApp({ dataFolder: data })
  await startOnThisComputer(first.page)
  await first.close()
  fillFolder(join(data, 'service'))
  const app = await startApp({ dataFolder: data, args: quiet })
  const ours = await measured(app.page)
  await mount(ours)
  const size = await ours.page
    .locator('#items')
    .evaluate(({ clientWidth, clientHeight }) => ({ clientWidth, clientHeight }))
  const stand = await startPeer(runtime, join(folder, 'list-peer'), size)
  try {
    const { peer } = stand
    const mounts = await alternate(
      pairs,
      () => mount(ours),
      () => mount(peer),
    )
    const list = await scrolls(Math.min(maxRounds, pairs), ours, peer)
    const [heap, peerHeap] = [await heapBytes(ours), await heapBytes(peer)]
    await ours.page.keyboard.press('Control+2')
    await ours.page.locator('#items [role="gridcell"] canvas').nth(0).waitFor()
    await ours.page.locator('#items').evaluate((element) => element.scrollTo(0, 0))
    const grid = await scroll({ ...ours, nextRow: 0 })
    const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
    console.log(`     in the grid, the same distance: ${grid.wallMs.toFixed(2)} ms of the main thread for each step`)
    return [
      {
        id: 'P11',
        what: `show ${count} files`,
        ours: milliseconds(mounts.ours),
        peer: `TanStack Virtual ${milliseconds(mounts.peer)}`,
        ratio: medianMs(mounts.ours) / medianMs(mounts.peer),
        noise: mounts.noise,
        isMoreBetter: false,
        gate: 1,
        goal: 0.4,
      },
      {
        id: 'P11s',
        what: `scroll ${steps * stepRows} rows with thumbnails, main thread for each ${stepRows}`,
        ours: milliseconds(list.ours),
        peer: `TanStack Virtual without thumbnails ${milliseconds(list.peer)}`,
        ratio: medianMs(list.ours) / medianMs(list.peer),
        noise: list.noise,
        isMoreBetter: false,
        gate: 1,
        goal: 0.65,
      },
      {
        id: 'P11h',
        what: `heap with ${count} files`,
        ours: mb(heap),
        peer: `TanStack Virtual ${mb(peerHeap)}`,
        ratio: heap / peerHeap,
        noise: null,
        isMoreBetter: false,
        gate: 1,
        goal: 0.8,
      },
    ]
  } finally {
    await stand.stop()
    await app.close()
  }
}

/** Every tenth file is a small picture. Files share their bytes by hard links. */
function fillFolder(data: string): void {
  const db = openDatabase(data)
  const content = openContent(data, db)
  const userId = Number(db.sql.prepare('SELECT id FROM users').get()?.id)
  const picture = join(data, 'picture')
  const text = join(data, 'text')
  writeFileSync(picture, pngOf(320, 240))
  writeFileSync(text, Buffer.alloc(1000, 'x'))
  const pictureBytes = pngOf(320, 240).length
  const files = Array.from({ length: count }, (_, index) => {
    const isPicture = index % 10 === 0
    return {
      path: ['Many', `file ${String(index).padStart(6, '0')}.${isPicture ? 'png' : 'txt'}`],
      sizeBytes: isPicture ? pictureBytes : 1000,
      content: `${(index % 256).toString(16).padStart(2, '0')}${index.toString(16).padStart(30, '0')}`,
    }
  })
  for (let shard = 0; shard < 256; shard += 1)
    mkdirSync(join(content.path(shard.toString(16).padStart(2, '0').padEnd(32, '0')), '..'), { recursive: true })
  for (const [index, file] of files.entries()) linkSync(index % 10 === 0 ? picture : text, content.path(file.content))
  db.transact(() => createSpace(db, userId).addTree({ parentId: 0, files, folders: [] }))
  db.close()
}

async function measured(page: Page): Promise<Measured> {
  const devTools = await page.context().newCDPSession(page)
  await devTools.send('Performance.enable')
  return { page, devTools, nextRow: 0 }
}

/**
 * Loads the page anew, opens the folder, and returns the time from the arrival of its data until its rows are painted. The processor
 * time is that of the page's process, from the double-click on.
 */
async function mount({ page, devTools }: Measured): Promise<Run> {
  const folder = page.locator('[role="row"]', { hasText: 'Many' })
  // Our page remembers the folder that it shows; the peer begins outside.
  const up = page.getByRole('button', { name: 'Up', exact: true })
  if ((await up.count()) > 0 && (await up.isEnabled())) {
    await up.click()
    await folder.nth(0).waitFor()
  }
  await page.reload()
  await folder.nth(0).waitFor()
  // What the page does after its start is no part of this.
  await page.waitForTimeout(800)
  const before = await metricMs(devTools, 'ProcessTime')
  const wallMs = await page.evaluate(async (minLength) => {
    // The first thing that our page does with a folder's data is to look for where each name ends.
    const { indexOf } = String.prototype
    String.prototype.indexOf = function (this: string, ...parts: Parameters<typeof indexOf>) {
      if (this.length > minLength) {
        String.prototype.indexOf = indexOf
        Object.assign(window, { arrivedAt: performance.now() })
      }
      return indexOf.apply(this, parts)
    } as typeof indexOf
    const frame = () => new Promise(requestAnimationFrame)
    const row = [...document.querySelectorAll('[role="row"]')].find(({ textContent }) => textContent.includes('Many'))
    // The peer's data is there at once: without this, its time would depend on when the next frame happens to be due.
    await frame()
    row?.dispatchEvent(new MouseEvent('dblclick', { bubbles: true }))
    while (!document.querySelector('#items')?.textContent.includes('file 000000.png')) await frame()
    await frame()
    return performance.now() - Number(Reflect.get(window, 'arrivedAt'))
  }, count)
  if (Number.isNaN(wallMs)) throw new Error('the arrival of the data was not seen')
  return { wallMs, cpuMs: (await metricMs(devTools, 'ProcessTime')) - before }
}

function scrolls(rounds: number, ours: Measured, peer: Measured) {
  return alternate(
    rounds,
    async () => {
      const run = await scroll(ours)
      if (run.pictures === 0) throw new Error('no thumbnail appeared')
      return run
    },
    () => scroll(peer),
  )
}

/** Scrolls in steps, with rests. The time is that of the main thread for one step; the processor time that of the page's process. */
async function scroll(list: Measured): Promise<Run & { pictures: number }> {
  const { page, devTools } = list
  const top = list.nextRow * rowHeight
  list.nextRow += steps * stepRows
  await page.locator('#items').evaluate((element, to) => element.scrollTo(0, to), top)
  await page.waitForTimeout(1000)
  const times = async () => ({
    taskMs: await metricMs(devTools, 'TaskDuration'),
    processMs: await metricMs(devTools, 'ProcessTime'),
  })
  const before = await times()
  const pictures = await page.locator('#items').evaluate(
    async (element, { steps, stepPixels, restEvery, restMs }) => {
      let seen = 0
      for (let step = 1; step <= steps; step += 1) {
        element.scrollTop += stepPixels
        await new Promise(requestAnimationFrame)
        if (step % restEvery !== 0) continue
        await new Promise((resolve) => setTimeout(resolve, restMs))
        seen += element.querySelectorAll('canvas').length
      }
      return seen
    },
    { steps, stepPixels: stepRows * rowHeight, restEvery, restMs },
  )
  const after = await times()
  return {
    wallMs: (after.taskMs - before.taskMs) / steps,
    cpuMs: (after.processMs - before.processMs) / steps,
    pictures,
  }
}

async function metricMs(devTools: CDPSession, wanted: 'TaskDuration' | 'ProcessTime'): Promise<number> {
  const { metrics } = await devTools.send('Performance.getMetrics')
  return (metrics.find(({ name }) => name === wanted)?.value ?? Number.NaN) * 1000
}

/** What scripts hold, with the bytes of typed arrays: those are outside the heap, and only a snapshot counts them. */
async function heapBytes({ devTools }: Measured): Promise<number> {
  await devTools.send('HeapProfiler.collectGarbage')
  const { usedSize } = await devTools.send('Runtime.getHeapUsage')
  const chunks: string[] = []
  devTools.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk))
  await devTools.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
  const heap: { snapshot: { meta: { node_fields: string[] } }; nodes: number[]; strings: string[] } = JSON.parse(
    chunks.join(''),
  )
  const fields = heap.snapshot.meta.node_fields
  const [name, size] = [fields.indexOf('name'), fields.indexOf('self_size')]
  let arrayBytes = 0
  for (let at = 0; at < heap.nodes.length; at += fields.length) {
    const isArrayData = heap.strings[heap.nodes[at + name] ?? -1] === 'system / JSArrayBufferData'
    if (isArrayData) arrayBytes += heap.nodes[at + size] ?? 0
  }
  return usedSize + arrayBytes
}

async function startPeer(
  runtime: ElectronRuntime,
  app: string,
  { clientWidth, clientHeight }: { clientWidth: number; clientHeight: number },
): Promise<{ peer: Measured; stop(): Promise<void> }> {
  mkdirSync(app, { recursive: true })
  await build({
    configFile: false,
    logLevel: 'warn',
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      outDir: app,
      emptyOutDir: false,
      minify: true,
      lib: {
        entry: join(import.meta.dirname, 'list-peer.ts'),
        formats: ['iife'],
        name: 'peer',
        fileName: () => 'peer.js',
      },
    },
  })
  writeFileSync(join(app, 'package.json'), '{"name":"list-peer","main":"main.cjs"}')
  const style =
    '.row{position:absolute;width:100%;display:grid;grid-template-columns:1fr 100px 142px;font:13px sans-serif}'
  const head = `<!doctype html><meta charset="utf-8"><title>peer</title><style>body{margin:0}${style}</style>`
  writeFileSync(join(app, 'index.html'), `${head}<div id="root"></div><script src="peer.js"></script>`)
  const query = JSON.stringify({ count, rowHeight, width: clientWidth, height: clientHeight }, (_, value) =>
    typeof value === 'number' ? `${value}` : value,
  )
  writeFileSync(
    join(app, 'main.cjs'),
    `const { app, BrowserWindow, Menu } = require('electron')
     Menu.setApplicationMenu(null)
     app.whenReady().then(() => {
       const window = new BrowserWindow({ width: 1280, height: 800, useContentSize: true, webPreferences: { sandbox: true } })
       window.loadFile('index.html', { query: ${query} })
     })
     app.on('window-all-closed', () => app.quit())`,
  )
  const { executable, args } = withApp(runtime, app, `${app}-runtime`)
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const switches = [...sandbox, ...quiet, '--disable-gpu', '--remote-debugging-port=0', `--user-data-dir=${app}-data`]
  const child = spawn(executable, [...args, ...switches], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const browser = await chromium.connectOverCDP(`http://${await devToolsOf(child)}`)
  const page = browser.contexts()[0]?.pages()[0]
  if (page === undefined) throw new Error('the peer has no window')
  return {
    peer: await measured(page),
    stop: async () => {
      child.kill('SIGTERM')
      await ended
      await browser.close()
    },
  }
}

/** The address of a program's DevTools, as it prints it. */
function devToolsOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
      const address = /DevTools listening on ws:\/\/([\d.:]+)/.exec(printed)?.[1]
      if (address !== undefined) resolve(address)
    })
    child.once('exit', (code) => reject(new Error(`the peer ended with ${code}:\n${printed}`)))
  })
}
