import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startVirtualDisplay } from './display.ts'
import { findElectron } from './electron-runtime.ts'
import { root, say } from './paths.ts'

/** Renders the app's icon from its SVG, in Electron. Run it again after changing the SVG. */
const size = 1024
const resources = join(root, 'build', 'resources')
const { _electron } = await import('playwright-core')
const runtime = await findElectron()
const display = await startVirtualDisplay('1400x1400x24')
const app = await _electron.launch({
  executablePath: runtime.executable,
  args: [...runtime.args, '--no-sandbox', '--disable-gpu', `--user-data-dir=${join(root, '.cache', 'icons')}`],
  env: {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    DISPLAY: display.name,
    PUTDESK_NODE: process.execPath,
  },
})
const page = await app.firstWindow()
await app.evaluate(({ BrowserWindow }, side) => BrowserWindow.getAllWindows()[0]?.setContentSize(side, side), size)
const svg = readFileSync(join(resources, 'icon.svg'), 'utf8')
await page.goto(
  `data:text/html,${encodeURIComponent(`<style>*{margin:0}svg{width:100vw;height:100vh;display:block}</style>${svg}`)}`,
)
await page.setViewportSize({ width: size, height: size })
await page.screenshot({ path: join(resources, 'icon.png'), omitBackground: true })
await app.close()
display.stop()
say('wrote build/resources/icon.png.')
