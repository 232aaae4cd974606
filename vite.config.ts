import { parse, TYPE } from '@formatjs/icu-messageformat-parser'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin, type UserConfig } from 'vite'
import { en } from './renderer/words/en.ts'

/** Parses the catalogue while building, so that the window neither holds the parser nor runs it. */
const parsedWords: Plugin = {
  name: 'parsed-words',
  load: (id) => {
    if (!id.endsWith('/renderer/words/en.ts')) return null
    const parsed = Object.entries(en).map(([name, text]) => {
      const [first, ...rest] = parse(text, { captureLocation: false })
      // A sentence without a value needs no form, only its words.
      return [name, first?.type === TYPE.literal && rest.length === 0 ? first.value : [first, ...rest]]
    })
    return { code: `export const en = ${JSON.stringify(Object.fromEntries(parsed))}`, moduleType: 'js' }
  },
}

/** Everything a process needs at run time is bundled into one file; only the runtime's own modules, and what is built apart, stay outside. */
function forNode(entry: string, outDir: string, format: 'es' | 'cjs', fileName: string): UserConfig {
  return {
    ssr: { noExternal: true, external: ['electron'], target: 'node' },
    build: {
      ssr: entry,
      outDir,
      emptyOutDir: false,
      target: 'node20',
      minify: true,
      sourcemap: true,
      rolldownOptions: {
        external: ['electron', /^node:/, /run-app\.ts$/],
        output: {
          format,
          entryFileNames: fileName,
          codeSplitting: false,
          paths: (id) => (id.endsWith('run-app.ts') ? './run-app.cjs' : id),
        },
      },
    },
  }
}

/** What is loaded later stays in files of its own: in one piece, the runtime's modules that it asks for would be loaded at the start. */
function inPieces(config: UserConfig, entryFileNames: string, chunkFileNames: string): UserConfig {
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
          // What the first window needs anyway comes in one piece: each file is a trip to the main process, which is busy starting.
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
    },
  },
  main: forNode('electron/main.ts', 'dist/electron', 'cjs', 'main.cjs'),
  'run-app': forNode('electron/run-app.ts', 'dist/electron', 'cjs', 'run-app.cjs'),
  preload: forNode('electron/preload.ts', 'dist/electron', 'cjs', 'preload.cjs'),
  // CommonJS starts faster: an ES module's imports of the runtime's modules call each of their getters, which load more of them.
  server: inPieces(forNode('server/main.ts', 'dist/server', 'cjs', 'main.cjs'), 'main.cjs', '[name].cjs'),
  // Each thread of the service is a program of its own, beside it.
  'torrent-worker': forNode('server/torrent/torrent-worker.ts', 'dist/server', 'es', 'torrent-worker.mjs'),
  // Guessing encodings takes tables that most archives do not need.
  'extract-worker': inPieces(
    forNode('server/archive/extract-worker.ts', 'dist/server', 'es', 'extract-worker.mjs'),
    'extract-worker.mjs',
    'extract-[name].mjs',
  ),
  'wasm-worker': forNode('server/archive/wasm-worker.ts', 'dist/server', 'es', 'wasm-worker.mjs'),
}

export default defineConfig(({ mode }) => builds[mode] ?? builds.renderer ?? {})
