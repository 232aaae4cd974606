import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'vite'
import { root, say } from './paths.ts'

/** The bundles of all processes and threads but the window's page. */
export const nodeBundles = [
  'main',
  'run-app',
  'preload',
  'server',
  'torrent-worker',
  'extract-worker',
  'wasm-worker',
] as const

/** Bundles every part of the app into `dist/`. */
export async function buildAll(): Promise<void> {
  // A test runner sets another one, and Vite would take React's development build for it: what is built is always what ships.
  process.env.NODE_ENV = 'production'
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  // Built apart, each in one piece: together, the preload would ask for the main's file, and the main would load at its start
  // what it is to load after its window.
  for (const mode of ['renderer', ...nodeBundles])
    await build({ configFile: `${root}/vite.config.ts`, mode, logLevel: 'warn' })
  copyPrebuilt()
}

/** Copies what the service loads as it was published. */
export function copyPrebuilt(): void {
  copyFileSync(join(root, 'node_modules', '7z-wasm', '7zz.wasm'), join(root, 'dist', 'server', '7zz.wasm'))
  const detector = join(root, 'node_modules', 'jschardet', 'build', 'index.cjs')
  copyFileSync(detector, join(root, 'dist', 'server', 'jschardet.cjs'))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await buildAll()
  say('built into dist/.')
}
