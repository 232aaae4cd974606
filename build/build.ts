import { pathToFileURL } from 'node:url'
import { build } from 'vite'
import { root, say } from './paths.ts'

const parts = ['renderer', 'main', 'preload', 'server'] as const

/** Bundles every part of the app into `dist/`. */
export async function buildAll(): Promise<void> {
  // Electron's main process and its preload are built apart: in one build the preload would ask for the main's file.
  for (const mode of parts) await build({ configFile: `${root}/vite.config.ts`, mode, logLevel: 'warn' })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await buildAll()
  say('built into dist/.')
}
