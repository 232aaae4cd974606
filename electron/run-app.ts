import { app, type BrowserWindow } from 'electron'
import { type Backend, createBackend } from './backend/backend.ts'
import { askBeforeEnding } from './desktop/closing.ts'
import { createHost } from './desktop/host.ts'
import { setMenu } from './desktop/menu.ts'
import type { OpenRequests } from './desktop/open-requests.ts'
import { TrayIcon } from './desktop/tray.ts'
import { createWindow } from './desktop/window.ts'
import { type WindowPort, windowPort } from './desktop/window-port.ts'

/** What exists before the backend is loaded. */
export interface FirstWindow {
  window: BrowserWindow
  port: WindowPort
  requests: OpenRequests
  /** Sets who reads the contents of items for the page. */
  readContentsWith(read: Backend['readContent']): void
}

/** Creates the host and the backend, connects them to the windows, and closes them when the app quits. */
export function runApp({ window: first, port: firstPort, requests, readContentsWith }: FirstWindow): void {
  const host = createHost(() => show())
  const backend = createBackend(host)
  let window: BrowserWindow | null = null
  const tray = new TrayIcon(() => show())
  const watch = askBeforeEnding({
    closing: backend.closing,
    quitting: backend.quitting,
    hide: () => {
      // First the icon: without it, the window stays.
      tray.show()
      window?.hide()
    },
    onError: (error) => host.writeLog(`closing: ${String(error)}`),
  })

  const attach = (opened: BrowserWindow, port: WindowPort) => {
    window = opened
    watch(opened)
    const detach = backend.attach(port)
    opened.on('closed', () => {
      detach()
      port.close()
      window = null
    })
  }
  const show = () => {
    if (window === null) {
      const opened = createWindow()
      attach(opened, windowPort(opened.webContents))
    }
    if (window?.isMinimized()) window.restore()
    window?.show()
    window?.focus()
  }

  readContentsWith(backend.readContent)
  attach(first, firstPort)
  setMenu()
  requests.deliverTo({ offer: backend.offer, endSignIn: backend.endSignIn, show })
  app.on('activate', show)
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit()
  })
  app.on('will-quit', (event) => {
    event.preventDefault()
    tray.remove()
    backend
      .close()
      .catch((error: unknown) => host.writeLog(`closing: ${String(error)}`))
      .finally(() => app.exit())
  })
}
