import { join } from 'node:path'
import { app, type BrowserWindow, session } from 'electron'
import { createBackend } from './backend/backend.ts'
import { createHost } from './desktop/host.ts'
import { setMenu } from './desktop/menu.ts'
import { listenToOpenRequests } from './desktop/open-requests.ts'
import { registerPageScheme, servePage } from './desktop/page-scheme.ts'
import { denyPermissions, lockNavigation, lockRequests } from './desktop/security.ts'
import { createWindow } from './desktop/window.ts'
import { windowPort } from './desktop/window-port.ts'

registerPageScheme()
lockNavigation()
// As root, on a machine for tests, the sandbox cannot work and the person who started it so said it with this switch.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()

if (app.requestSingleInstanceLock()) app.whenReady().then(start, fail)
else app.quit()

function start(): void {
  denyPermissions(session.defaultSession)
  lockRequests(session.defaultSession)
  servePage(session.defaultSession, join(app.getAppPath(), 'dist', 'renderer'))
  setMenu()

  const host = createHost()
  const backend = createBackend(host)
  let window: BrowserWindow | null = null

  const show = () => {
    if (window === null) open()
    if (window?.isMinimized()) window.restore()
    window?.focus()
  }
  const open = () => {
    const opened = createWindow(host.store)
    window = opened
    const port = windowPort(opened.webContents)
    const detach = backend.attach(port)
    opened.on('closed', () => {
      detach()
      port.close()
      window = null
    })
  }

  listenToOpenRequests((text) => backend.offerLinks(text), show)
  open()
  app.on('activate', show)
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit()
  })

  app.on('will-quit', (event) => {
    event.preventDefault()
    backend
      .close()
      .catch((error: unknown) => host.writeLog(`closing: ${String(error)}`))
      .finally(() => app.exit())
  })
}

function fail(error: unknown): void {
  console.error(error)
  app.exit(1)
}
