import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { app, BrowserWindow, nativeTheme, type Rectangle, screen } from 'electron'
import { pageOrigin } from './page-path.ts'

const home = `${pageOrigin}/index.html`
const background = { light: '#f4f3f1', dark: '#1e1f22' }

/** Every window is made here, and nowhere else. */
export function createWindow(): BrowserWindow {
  const window = new BrowserWindow({
    ...(rememberedBounds() ?? { width: 1280, height: 800, useContentSize: true }),
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
      v8CacheOptions: 'bypassHeatCheck',
      devTools: !app.isPackaged,
    },
  })
  window.once('ready-to-show', () => window.show())
  window.on('close', () => rememberBounds(window.getNormalBounds()))
  // Electron asks nobody before it shows about:blank; whatever else a page came to, this window shows ours.
  window.webContents.on('did-navigate', (_event, url) => {
    if (url !== home) void window.loadURL(home)
  })
  void window.loadURL(home)
  return window
}

/** In a file of its own: the window does not wait for the settings. */
function boundsFile(): string {
  return join(app.getPath('userData'), 'window.json')
}

function rememberBounds(bounds: Rectangle): void {
  try {
    writeFileSync(boundsFile(), JSON.stringify(bounds))
  } catch {
    // On a full disk the next window opens at its usual place.
  }
}

/** Where the window last stood, if a part of that can still be seen. */
function rememberedBounds(): Rectangle | null {
  let bounds: unknown
  try {
    bounds = JSON.parse(readFileSync(boundsFile(), 'utf8'))
  } catch {
    // The first start, or a damaged file: the usual place.
    return null
  }
  if (!isRectangle(bounds)) return null
  const { workArea } = screen.getDisplayMatching(bounds)
  const isWithin =
    bounds.x < workArea.x + workArea.width - 80 &&
    bounds.x + bounds.width > workArea.x + 80 &&
    bounds.y >= workArea.y - 20 &&
    bounds.y < workArea.y + workArea.height - 40
  return isWithin ? bounds : null
}

function isRectangle(value: unknown): value is Rectangle {
  if (typeof value !== 'object' || value === null) return false
  const sides = new Map(Object.entries(value))
  return ['x', 'y', 'width', 'height'].every((name) => Number.isInteger(sides.get(name)))
}
