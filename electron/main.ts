import { join } from 'node:path'
import { app, session } from 'electron'
import { collectOpenRequests } from './desktop/open-requests.ts'
import { registerPageScheme, servePage } from './desktop/page-scheme.ts'
import { closeNetwork, denyPermissions, lockNavigation, lockRequests } from './desktop/security.ts'
import { createWindow } from './desktop/window.ts'
import { windowPort } from './desktop/window-port.ts'

registerPageScheme()
closeNetwork()
lockNavigation()
// As root, on a machine for tests, the sandbox cannot work and the person who started it so said it with this switch.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()
const requests = collectOpenRequests()

if (app.requestSingleInstanceLock()) app.whenReady().then(start).catch(fail)
else app.quit()

/** The window comes first: this process loads the backend when the page has drawn itself and asks for the first time. */
async function start(): Promise<void> {
  denyPermissions(session.defaultSession)
  lockRequests(session.defaultSession)
  servePage(session.defaultSession, join(app.getAppPath(), 'dist', 'renderer'))
  const window = createWindow()
  const port = windowPort(window.webContents)
  await port.heard
  const { runApp } = await import('./run-app.ts')
  runApp({ window, port, requests })
}

function fail(error: unknown): void {
  console.error(error)
  app.exit(1)
}
