import { join } from 'node:path'
import { app, BrowserWindow, nativeTheme, type Rectangle, screen } from 'electron'
import { z } from 'zod'
import type { KeyValueStore } from '../backend/host.ts'
import { pageOrigin } from './page-path.ts'

const Bounds = z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() })
const home = `${pageOrigin}/index.html`
const background = { light: '#f4f3f1', dark: '#1e1f22' }

/** Every window is made here, and nowhere else. */
export function createWindow(store: KeyValueStore): BrowserWindow {
  const window = new BrowserWindow({
    ...(rememberedBounds(store) ?? { width: 1280, height: 800, useContentSize: true }),
    minWidth: 720,
    minHeight: 480,
    show: false,
    title: 'Putdesk',
    autoHideMenuBar: true,
    backgroundColor: nativeTheme.shouldUseDarkColors ? background.dark : background.light,
    webPreferences: {
      preload: join(app.getAppPath(), 'dist', 'electron', 'preload.cjs'),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools: !app.isPackaged,
    },
  })
  window.once('ready-to-show', () => window.show())
  window.on('close', () => store.set('window', window.getNormalBounds()))
  // Electron asks nobody before it shows about:blank; whatever else a page came to, this window shows ours.
  window.webContents.on('did-navigate', (_event, url) => {
    if (url !== home) void window.loadURL(home)
  })
  void window.loadURL(home)
  return window
}

/** Where the window last stood, if a part of that can still be seen. */
function rememberedBounds(store: KeyValueStore): Rectangle | null {
  const bounds = Bounds.safeParse(store.get('window')).data
  if (bounds === undefined) return null
  const { workArea } = screen.getDisplayMatching(bounds)
  const isSeen =
    bounds.x < workArea.x + workArea.width - 80 &&
    bounds.x + bounds.width > workArea.x + 80 &&
    bounds.y >= workArea.y - 20 &&
    bounds.y < workArea.y + workArea.height - 40
  return isSeen ? bounds : null
}
