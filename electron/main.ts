import { join } from 'node:path'
import { app, session } from 'electron'
import { serveContents } from './desktop/content-scheme.ts'
import { collectOpenRequests } from './desktop/open-requests.ts'
import { registerSchemes, servePage } from './desktop/page-scheme.ts'
import { closeNetwork, denyPermissions, lockNavigation, lockRequests } from './desktop/security.ts'
import { createWindow } from './desktop/window.ts'
import { windowPort } from './desktop/window-port.ts'

registerSchemes()
closeNetwork()
lockNavigation()
// The sandbox does not work as root, as on a test machine; whoever starts the app as root has to pass this switch.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()
const openRequests = collectOpenRequests()

if (app.requestSingleInstanceLock()) app.whenReady().then(start).catch(fail)
else app.quit()

/** Opens the window first. The backend is loaded when the page has rendered and sends its first message. */
async function start(): Promise<void> {
  denyPermissions(session.defaultSession)
  lockRequests(session.defaultSession)
  servePage(session.defaultSession, join(app.getAppPath(), 'dist', 'renderer'))
  const readContentsWith = serveContents(session.defaultSession)
  const window = createWindow()
  const port = windowPort(window.webContents)
  await port.heard
  const { runApp } = await import('./run-app.ts')
  runApp({ window, port, readContentsWith, requests: openRequests })
}

function fail(error: unknown): void {
  console.error(error)
  app.exit(1)
}
