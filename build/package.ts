import { join } from 'node:path'
import { buildAll } from './build.ts'
import { configuration } from './electron-builder.ts'
import { findElectron } from './electron-runtime.ts'
import { root, say } from './paths.ts'
import { makeRunFolders } from './run-folders.ts'

// The packager would otherwise link the runtime's files where CI is set, and setting the fuses would change the original.
process.env.USE_HARD_LINKS = 'false'
// It leaves things in the temporary folder: it gets one of its own, without a cache that is written as the last of all.
const folders = makeRunFolders()
process.once('exit', () => folders.remove())
Object.assign(process.env, folders.environment, { NODE_DISABLE_COMPILE_CACHE: '1' })
const { build, Platform } = await import('electron-builder')

// With `--installers`, what is given to others (AppImage and deb, dmg, or nsis); without, only the unpacked app.
const isForOthers = process.argv.includes('--installers')
const runtime = await findElectron()
await buildAll()
await build({
  projectDir: root,
  targets: Platform.current().createTarget(isForOthers ? null : 'dir'),
  config: { ...configuration, electronDist: runtime.folder, electronVersion: runtime.version },
  publish: 'never',
})
say(`packaged with Electron ${runtime.version} into ${join(root, 'out')}`)
if (Number(runtime.version.split('.')[0]) < 40) {
  say(
    'this is a trial with an older runtime: it works with servers elsewhere, and says that its own service needs a newer one.',
  )
}
