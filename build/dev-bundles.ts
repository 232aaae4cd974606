import { relative } from 'node:path'
import { build } from 'vite'
import { copyPrebuilt, nodeBundles } from './build.ts'
import { root, say } from './paths.ts'

/** The bundles of every process except the renderer, rebuilt on each change. */
export interface Bundles {
  close(): Promise<void>
}

/** Builds every bundle and watches its sources. Calls `onRebuilt` with the path of a changed file once its bundles are rebuilt. */
export async function watchBundles(
  configFile: string,
  onRebuilt: (changed: string) => Promise<void>,
): Promise<Bundles> {
  const building = new Set<string>()
  let changed: string | null = null
  const closers: (() => Promise<void>)[] = []
  for (const mode of nodeBundles) {
    const watcher = await build({
      configFile,
      mode,
      logLevel: 'warn',
      build: { watch: {}, minify: false },
    })
    if (!('on' in watcher)) throw new Error(`${mode} is not watched`)
    closers.push(() => watcher.close())
    const isBuilt = Promise.withResolvers<void>()
    watcher.on('change', (path) => {
      changed = relative(root, path)
      building.add(mode)
    })
    watcher.on('event', (event) => {
      if (event.code === 'START') building.add(mode)
      if (event.code === 'BUNDLE_END') void event.result.close()
      if (event.code === 'ERROR') {
        say(`${mode}: ${event.error.message}`)
        isBuilt.reject(event.error)
      }
      if (event.code !== 'END') return
      building.delete(mode)
      isBuilt.resolve()
      if (building.size > 0 || changed === null) return
      const path = changed
      changed = null
      void onRebuilt(path)
    })
    await isBuilt.promise
  }
  copyPrebuilt()
  return { close: async () => void (await Promise.all(closers.map((close) => close()))) }
}
