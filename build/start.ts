import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { buildAll } from './build.ts'
import { probePage } from './devtools.ts'
import { startVirtualDisplay } from './display.ts'
import { type ElectronRuntime, findElectron } from './electron-runtime.ts'
import { ownCache, say, stop } from './paths.ts'
import { ensureSystemPackages } from './system-packages.ts'

const hasDisplay = process.platform !== 'linux' || Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY)
ensureSystemPackages(hasDisplay ? ['electron'] : ['electron', 'display'])
const runtime = await findElectron()
await buildAll()

const isRoot = process.platform === 'linux' && process.getuid?.() === 0
if (isRoot)
  say('running as root: Chromium’s sandbox does not work there and is off. Run as an ordinary user to have it on.')
const args = [...runtime.args, ...(isRoot ? ['--no-sandbox'] : []), ...process.argv.slice(2)]
if (hasDisplay) startOnScreen(runtime, args)
else await startOnVirtualDisplay(runtime, args)

function startOnScreen({ executable, version }: ElectronRuntime, args: string[]): void {
  say(`opening the window (Electron ${version}).`)
  const child = spawn(executable, args, { stdio: 'inherit' })
  child.on('exit', (code) => process.exit(code ?? 0))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
}

/** Opens the window on a virtual display and saves a screenshot of it. */
async function startOnVirtualDisplay({ executable, version }: ElectronRuntime, args: string[]): Promise<void> {
  const display = await startVirtualDisplay().catch(() =>
    stop(
      'there is no display, and Xvfb is not installed. Install it (Debian: apt-get install xvfb) or start from a desktop session.',
    ),
  )
  say(`there is no display: opening the window (Electron ${version}) on a virtual one.`)
  const child = spawn(executable, [...args, '--disable-gpu', '--remote-debugging-port=0'], {
    stdio: ['ignore', 'inherit', 'pipe'],
    env: { ...process.env, DISPLAY: display.name },
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill('SIGTERM'))
  child.on('exit', (code) => {
    display.stop()
    process.exit(code ?? 0)
  })
  const page = await probePage(child)
  // The heading of the welcome screen or the file list: the window has rendered.
  while ((await page.evaluate("document.querySelector('h1, [role=grid]') !== null")) !== true) await wait(100)
  await wait(300)
  const screenshot = join(ownCache, 'window.png')
  mkdirSync(ownCache, { recursive: true })
  writeFileSync(screenshot, (await page.screenshot()) ?? '')
  say(`the window is open; a screenshot is at ${screenshot}. Press Ctrl+C to quit.`)
}
