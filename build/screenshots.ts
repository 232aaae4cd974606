import { join } from 'node:path'
import { buildAll } from './build.ts'
import { startVirtualDisplay } from './display.ts'
import { findElectron } from './electron-runtime.ts'
import { root, say, stop } from './paths.ts'
import { runScript } from './run-script.ts'
import { ensureSystemPackages } from './system-packages.ts'

if (ensureSystemPackages(['electron', 'display']).length > 0) stop('the screenshots need the packages named above.')
await buildAll()
const display = await startVirtualDisplay('1400x900x24')
const code = await runScript(join(root, 'tests', 'window', 'screenshots.ts'), [], {
  DISPLAY: display.name,
  PUTDESK_TEST_ELECTRON: JSON.stringify(await findElectron()),
})
display.stop()
if (code !== 0) process.exit(code)
say('the screenshots are in docs/.')
