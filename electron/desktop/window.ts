import { join } from 'node:path'
import { app, BrowserWindow, nativeTheme, screen } from 'electron'
import { wholeFile } from '../backend/files/json-content.ts'
import { JsonFile } from '../backend/files/json-file.ts'
import { pageOrigin } from './page-path.ts'
import { isSide, minHeight, minWidth, usableBounds } from './window-bounds.ts'

const home = `${pageOrigin}/index.html`
const background = { light: '#f4f3f1', dark: '#1e1f22' }

/** Creates a window. The only place that does. */
export function createWindow(): BrowserWindow {
  const file = boundsFile()
  const screens = screen.getAllDisplays().map(({ workArea }) => workArea)
  const window = new BrowserWindow({
    ...(usableBounds(file.entries(wholeFile), screens) ?? { width: 1280, height: 800, useContentSize: true }),
    minWidth,
    minHeight,
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
  window.on('close', () => file.put(wholeFile, { ...window.getNormalBounds() }))
  // Electron emits no `will-navigate` for about:blank. Wherever the page ended up, go back to ours.
  window.webContents.on('did-navigate', (_event, url) => {
    if (url !== home) void window.loadURL(home)
  })
  void window.loadURL(home)
  return window
}

/** The window's bounds have their own file, so that the window need not wait for the settings. If it is unusable, the default applies. */
function boundsFile(): JsonFile {
  return new JsonFile({
    path: join(app.getPath('userData'), 'window.json'),
    title: 'place of the window',
    contents: 'place',
    whatToDo: 'Put the window where you want it.',
    groups: { [wholeFile]: { nouns: ['side', 'sides'], isGood: (_name, value) => isSide(value) } },
    copies: [],
    isUsed: false,
    tell: () => undefined,
  })
}
