import { copyFileSync, cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'vite'
import { root, say } from './paths.ts'

/** The bundles of every process and thread except the renderer. */
export const nodeBundles = [
  'main',
  'run-app',
  'preload',
  'server',
  'saver',
  'disk-worker',
  'torrent-worker',
  'extract-worker',
  'wasm-worker',
  'sum-worker',
] as const

/** Bundles every part of the app into `dist/`. */
export async function buildAll(): Promise<void> {
  // A test runner may have set it to "test", and Vite would then bundle React's development build.
  process.env.NODE_ENV = 'production'
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  // One build per bundle: in a shared build, the preload would import chunks of the main bundle, and the main bundle would
  // load at startup what it should load only after its window is open.
  for (const mode of ['renderer', ...nodeBundles])
    await build({ configFile: `${root}/vite.config.ts`, mode, logLevel: 'warn' })
  copyPrebuilt()
}

/** Copies the files that are loaded unbundled. */
export function copyPrebuilt(): void {
  copyFileSync(join(root, 'node_modules', '7z-wasm', '7zz.wasm'), join(root, 'dist', 'server', '7zz.wasm'))
  copyFileSync(join(root, 'build', 'resources', 'icon.png'), join(root, 'dist', 'electron', 'icon.png'))
  const detector = join(root, 'node_modules', 'jschardet', 'build', 'index.cjs')
  copyFileSync(detector, join(root, 'dist', 'server', 'jschardet.cjs'))
  copyExtendedAttributes()
  // What PDFs without their own fonts need.
  for (const folder of ['cmaps', 'standard_fonts'])
    cpSync(join(root, 'node_modules', 'pdfjs-dist', folder), join(root, 'dist', 'renderer', 'pdf', folder), {
      recursive: true,
    })
}

/** Copies the native module for extended attributes, which looks for its binary beside itself. There is none for Windows. */
function copyExtendedAttributes(): void {
  const scope = join(root, 'node_modules', '@napi-rs')
  for (const folder of readdirSync(scope).filter((name) => name.startsWith('xattr-')))
    for (const name of readdirSync(join(scope, folder)).filter((one) => one.endsWith('.node')))
      copyFileSync(join(scope, folder, name), join(root, 'dist', 'saver', name))
  copyFileSync(join(scope, 'xattr', 'index.js'), join(root, 'dist', 'saver', 'xattr.cjs'))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await buildAll()
  say('built into dist/.')
}
