import { parse, TYPE } from '@formatjs/icu-messageformat-parser'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin, type UserConfig } from 'vite'
import { en } from './renderer/words/en.ts'

/** Parses the message catalogue at build time, so that the renderer needs no parser. */
const parsedWords: Plugin = {
  name: 'parsed-words',
  load: (id) => {
    if (!id.endsWith('/renderer/words/en.ts')) return null
    const parsed = Object.entries(en).map(([name, text]) => {
      const [first, ...rest] = parse(text, { captureLocation: false })
      // A message without placeholders stays a plain string.
      return [name, first?.type === TYPE.literal && rest.length === 0 ? first.value : [first, ...rest]]
    })
    return { code: `export const en = ${JSON.stringify(Object.fromEntries(parsed))}`, moduleType: 'js' }
  },
}

/** Native modules, which are loaded from copies beside the bundles. */
const unbundled: Record<string, string> = { '@napi-rs/xattr': './xattr.cjs' }

/** Bundles everything a process needs into one file, except the runtime's own modules and bundles that are built separately. */
function forNode(entry: string, outDir: string, format: 'es' | 'cjs', fileName: string): UserConfig {
  return {
    ssr: { noExternal: true, external: ['electron', '@napi-rs/xattr'], target: 'node' },
    build: {
      ssr: entry,
      outDir,
      emptyOutDir: false,
      target: 'node20',
      minify: true,
      sourcemap: true,
      rolldownOptions: {
        external: ['electron', '@napi-rs/xattr', /^node:/, /run-app\.ts$/],
        output: {
          format,
          entryFileNames: fileName,
          codeSplitting: false,
          paths: (id) => unbundled[id] ?? (id.endsWith('run-app.ts') ? './run-app.cjs' : id),
        },
      },
    },
  }
}

/** Turns code splitting on: in a single file, the runtime modules that a lazy chunk imports would be loaded at startup. */
function withCodeSplitting(config: UserConfig, entryFileNames: string, chunkFileNames: string): UserConfig {
  const format = entryFileNames.endsWith('.cjs') ? ('cjs' as const) : ('es' as const)
  const output = { format, entryFileNames, chunkFileNames }
  return { ...config, build: { ...config.build, rolldownOptions: { ...config.build?.rolldownOptions, output } } }
}

const builds: Record<string, UserConfig> = {
  renderer: {
    root: 'renderer',
    base: './',
    plugins: [react(), parsedWords],
    resolve: { alias: { '@formatjs/icu-messageformat-parser': '@formatjs/icu-messageformat-parser/no-parser.js' } },
    build: {
      outDir: '../dist/renderer',
      emptyOutDir: true,
      target: 'chrome130',
      sourcemap: true,
      modulePreload: { polyfill: false },
      rolldownOptions: {
        output: {
          // What the first paint needs goes into one chunk: the main process serves each file, and is busy at startup.
          codeSplitting: {
            groups: [
              {
                name: 'first',
                test: /node_modules\/(react|react-dom|scheduler|zustand|use-sync-external-store|@formatjs|intl-messageformat|tslib|@tanstack)\/|renderer\/(store|words)\/|\/shared\//,
              },
            ],
          },
        },
      },
      assetsInlineLimit: 0,
      // pdf.js is loaded when the first PDF is looked at.
      chunkSizeWarningLimit: 600,
    },
  },
  main: forNode('electron/main.ts', 'dist/electron', 'cjs', 'main.cjs'),
  'run-app': forNode('electron/run-app.ts', 'dist/electron', 'cjs', 'run-app.cjs'),
  preload: forNode('electron/preload.ts', 'dist/electron', 'cjs', 'preload.cjs'),
  // CommonJS starts faster: when an ES module imports a Node module, all its getters run, and some of them load more modules.
  server: withCodeSplitting(forNode('server/main.ts', 'dist/server', 'cjs', 'main.cjs'), 'main.cjs', '[name].cjs'),
  saver: forNode('electron/saver/main.ts', 'dist/saver', 'cjs', 'main.cjs'),
  // Each worker thread is a separate bundle.
  'disk-worker': forNode('electron/saver/disk-worker.ts', 'dist/saver', 'es', 'disk-worker.mjs'),
  'torrent-worker': forNode('server/torrent/torrent-worker.ts', 'dist/server', 'es', 'torrent-worker.mjs'),
  // Most archives do not need the tables for guessing encodings.
  'extract-worker': withCodeSplitting(
    forNode('server/archive/extract-worker.ts', 'dist/server', 'es', 'extract-worker.mjs'),
    'extract-worker.mjs',
    'extract-[name].mjs',
  ),
  'wasm-worker': forNode('server/archive/wasm-worker.ts', 'dist/server', 'es', 'wasm-worker.mjs'),
  'sum-worker': forNode('server/core/space/sum-worker.ts', 'dist/server', 'es', 'sum-worker.mjs'),
}

/** The number of this app at Put.io is set by whoever builds it. */
const define = { BUILT_PUTIO_APP_ID: JSON.stringify(process.env.PUTDESK_PUTIO_APP_ID ?? '') }

export default defineConfig(({ mode }) => ({ ...(builds[mode] ?? builds.renderer), define }))
