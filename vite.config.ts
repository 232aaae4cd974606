import react from '@vitejs/plugin-react'
import { defineConfig, type UserConfig } from 'vite'

/** Everything a process needs at run time is bundled into its one file; only the runtime's own modules stay outside. */
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
        external: ['electron', /^node:/],
        output: { format, entryFileNames: fileName, codeSplitting: false },
      },
    },
  }
}

const builds: Record<string, UserConfig> = {
  renderer: {
    root: 'renderer',
    base: './',
    plugins: [react()],
    build: {
      outDir: '../dist/renderer',
      emptyOutDir: true,
      target: 'chrome130',
      sourcemap: true,
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
    },
  },
  main: forNode('electron/main.ts', 'dist/electron', 'cjs', 'main.cjs'),
  preload: forNode('electron/preload.ts', 'dist/electron', 'cjs', 'preload.cjs'),
  server: forNode('server/main.ts', 'dist/server', 'es', 'main.mjs'),
}

export default defineConfig(({ mode }) => builds[mode] ?? builds.renderer ?? {})
