import { join } from 'node:path'
import { buildAll } from './build.ts'
import { startVirtualDisplay } from './display.ts'
import { findElectron } from './electron-runtime.ts'
import { root, stop } from './paths.ts'
import { runScript } from './run-script.ts'
import { ensureSystemPackages } from './system-packages.ts'

if (ensureSystemPackages(['electron', 'display', 'bench']).length > 0) stop('the bench needs the packages named above.')
await buildAll()
const display = process.env.DISPLAY === undefined && process.platform === 'linux' ? await startVirtualDisplay() : null
const code = await runScript(join(root, 'tests', 'bench', 'main.ts'), process.argv.slice(2), {
  PUTDESK_TEST_ELECTRON: JSON.stringify(await findElectron()),
  ...(display === null ? {} : { DISPLAY: display.name }),
})
display?.stop()
process.exit(code)
