import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createServer } from 'vite'
import { watchBundles } from './dev-bundles.ts'
import { showFromVite, writePage } from './dev-page.ts'
import { startVirtualDisplay } from './display.ts'
import { type ElectronRuntime, findElectron } from './electron-runtime.ts'
import { ownCache, root, say } from './paths.ts'
import { ensureSystemPackages } from './system-packages.ts'

/**
 * Runs the app for development: the renderer hot-reloads from a Vite server on loopback, and a change to anything else rebuilds
 * the bundles and restarts the app. Its data is in `.cache/dev`.
 */
const hasDisplay = process.platform !== 'linux' || Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY)
ensureSystemPackages(hasDisplay ? ['electron'] : ['electron', 'display'])
process.env.NODE_ENV = 'development'
const runtime = await findElectron()
const display = hasDisplay ? null : await startVirtualDisplay()
const configFile = join(root, 'vite.config.ts')
const vite = await createServer({ configFile, mode: 'renderer', server: { host: '127.0.0.1', port: 0 } })
// Vite would exit at this signal, before the app has ended.
process.removeAllListeners('SIGTERM')
await vite.listen()
await writePage(vite)

let app: ChildProcess | null = null
let isEnding = false
let isRestarting = false
const bundles = await watchBundles(configFile, restart)
start(runtime)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end(0))

function start({ executable, args }: ElectronRuntime): void {
  const isRoot = process.platform === 'linux' && process.getuid?.() === 0
  const switches = [...(isRoot ? ['--no-sandbox'] : []), ...(display === null ? [] : ['--disable-gpu'])]
  const options = ['--remote-debugging-port=0', `--user-data-dir=${join(ownCache, 'dev')}`]
  const child = spawn(executable, [...args, ...switches, ...options, ...process.argv.slice(2)], {
    stdio: ['ignore', 'inherit', 'pipe'],
    env: { ...process.env, ...(display === null ? {} : { DISPLAY: display.name }) },
  })
  app = child
  child.stderr.pipe(process.stderr)
  child.once('exit', (code) => {
    if (!isRestarting) void end(code ?? 0)
  })
  showFromVite(child, vite).catch((error: unknown) => {
    if (app === child && !isRestarting) say(`the window could not connect to Vite: ${String(error)}`)
  })
}

/** Restarts the app with the new bundles. It is shut down gracefully, so that its data stays intact. */
async function restart(changed: string): Promise<void> {
  if (isEnding || isRestarting) return
  const startedAt = performance.now()
  isRestarting = true
  await stopApp()
  isRestarting = false
  start(runtime)
  say(`${changed} changed: restarted in ${Math.round(performance.now() - startedAt)} ms.`)
}

async function stopApp(): Promise<void> {
  const child = app
  app = null
  if (child === null || child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}

async function end(code: number): Promise<void> {
  if (isEnding) return
  isEnding = true
  isRestarting = true
  await stopApp()
  await bundles.close()
  await vite.close()
  display?.stop()
  process.exit(code)
}
