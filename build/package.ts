import { join } from 'node:path'
import { buildAll } from './build.ts'
import { configuration } from './electron-builder.ts'
import { findElectron } from './electron-runtime.ts'
import { root, say } from './paths.ts'
import { makeRunFolders } from './run-folders.ts'

// With CI set, electron-builder hard-links the runtime's files, and flipping the fuses would change the original.
process.env.USE_HARD_LINKS = 'false'
// electron-builder leaves files in the temporary folder, so it gets its own. Node's compile cache would be written into it at exit.
const folders = makeRunFolders()
process.once('exit', () => folders.remove())
Object.assign(process.env, folders.environment, { NODE_DISABLE_COMPILE_CACHE: '1' })
const { build, Platform } = await import('electron-builder')

// `--built` packages the app as it is built, while the tests run it.
const isBuilt = process.argv.includes('--built')
// `--installers` builds the platform's installers (AppImage and deb, dmg, or nsis); without it, only the unpacked app.
const hasInstallers = process.argv.includes('--installers')
const runtime = await findElectron()
if (!isBuilt) await buildAll()
await build({
  projectDir: root,
  targets: Platform.current().createTarget(hasInstallers ? null : 'dir'),
  config: { ...configuration, electronDist: runtime.folder, electronVersion: runtime.version },
  publish: 'never',
})
say(`packaged with Electron ${runtime.version} into ${join(root, 'out')}`)
if (Number(runtime.version.split('.')[0]) < 40) {
  say(
    'this package is for testing only: its runtime is too old for the local service, so it works only with remote servers.',
  )
}
