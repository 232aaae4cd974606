import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { buildAll } from './build.ts'
import { startVirtualDisplay } from './display.ts'
import { findElectron } from './electron-runtime.ts'
import { root, say, stop } from './paths.ts'
import { ensureSystemPackages } from './system-packages.ts'

if (ensureSystemPackages(['electron', 'display']).length > 0) stop('the pictures need the packages named above.')
await buildAll()
const display = await startVirtualDisplay('1400x900x24')
const { status } = spawnSync(process.execPath, [join(root, 'tests', 'screenshots.ts')], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, DISPLAY: display.name, PUTDESK_TEST_ELECTRON: JSON.stringify(await findElectron()) },
})
display.stop()
if (status !== 0) process.exit(1)
say('the pictures are in docs/.')
