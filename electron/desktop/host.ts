import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import {
  app,
  BrowserWindow,
  clipboard,
  dialog,
  Notification,
  nativeImage,
  nativeTheme,
  powerSaveBlocker,
  shell,
} from 'electron'
import { AppError } from '../../shared/errors.ts'
import type { Host } from '../backend/host/host.ts'
import { copyFiles } from './file-clipboard.ts'
import { ownScheme } from './read-arguments.ts'
import { systemKeeper } from './secret-keeper.ts'
import { openPage } from './security.ts'
import { startSaverProcess, startServiceProcess, whyNoService } from './service-process.ts'

const maxLogBytes = 5 * 1024 * 1024

/** Gives the backend what only Electron can do. */
export function createHost(showWindow: () => void): Host {
  const folder = app.getPath('userData')
  const writeLog = logFile(folder)
  let blocker: number | null = null
  return {
    dataFolder: folder,
    secretKeeper: systemKeeper,
    startService: startServiceProcess,
    whyNoService,
    startSaver: startSaverProcess,
    chooseToSend: async (what) => {
      const [property, title] =
        what === 'files' ? (['openFile', 'Upload files'] as const) : (['openDirectory', 'Upload folders'] as const)
      const options = { title, buttonLabel: 'Upload', properties: [property, 'multiSelections' as const] }
      const window = BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0]
      const { filePaths } = await (window === undefined
        ? dialog.showOpenDialog(options)
        : dialog.showOpenDialog(window, options))
      return filePaths
    },
    chooseFolder: async (path) => {
      const options = { defaultPath: path, properties: ['openDirectory' as const, 'createDirectory' as const] }
      const window = BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0]
      const { filePaths } = await (window === undefined
        ? dialog.showOpenDialog(options)
        : dialog.showOpenDialog(window, options))
      return filePaths[0] ?? null
    },
    chooseFile: async (name) => {
      const options = { defaultPath: join(app.getPath('documents'), name) }
      const window = BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0]
      const { filePath } = await (window === undefined
        ? dialog.showSaveDialog(options)
        : dialog.showSaveDialog(window, options))
      return filePath === undefined || filePath === '' ? null : filePath
    },
    downloadsFolder: () => app.getPath('downloads'),
    prepareDrag: async (paths) => {
      const [file = ''] = paths
      // There is one window; not every window manager gives it the focus.
      const window = BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0]
      const icon = await app.getFileIcon(file).catch(() => nativeImage.createEmpty())
      const ours = nativeImage.createFromPath(join(app.getAppPath(), 'dist', 'electron', 'icon.png'))
      const item = { file, files: [...paths], icon: icon.isEmpty() ? ours.resize({ width: 32 }) : icon }
      return () => {
        if (window?.isDestroyed() === false) window.webContents.startDrag(item)
      }
    },
    showInFolder: (path) => shell.showItemInFolder(path),
    copyText: (text) => clipboard.writeText(text),
    copiedText: async () => (await clipboard.readText()).replace(/\r\n/g, '\n'),
    copyFiles,
    languages: () => app.getPreferredSystemLanguages(),
    openWithSystem: async (path) => {
      const problem = await shell.openPath(path)
      if (problem !== '')
        throw new AppError(
          'no-player',
          'No program on this computer can open this. Install a player such as mpv or VLC.',
          {
            cause: problem,
          },
        )
    },
    openPage,
    claimScheme: () => {
      // An app that runs from its sources is started with their path.
      if (app.isPackaged) app.setAsDefaultProtocolClient(ownScheme)
      else app.setAsDefaultProtocolClient(ownScheme, process.execPath, [app.getAppPath()])
    },
    ask: async ({ message, detail, buttons }) => {
      const last = buttons.length - 1
      const options = {
        type: 'question' as const,
        message,
        detail,
        buttons: [...buttons],
        defaultId: 0,
        cancelId: last,
      }
      const [window] = BrowserWindow.getAllWindows()
      const { response } = await (window === undefined || !window.isVisible()
        ? dialog.showMessageBox(options)
        : dialog.showMessageBox(window, options))
      return response
    },
    notify: ({ title, body, onClick }) => {
      if (!Notification.isSupported()) return () => undefined
      const notification = new Notification({ title, body })
      notification.on('click', onClick)
      notification.show()
      return () => notification.close()
    },
    isFocused: () => BrowserWindow.getFocusedWindow() !== null,
    showWindow,
    preventSleep: (isPrevented) => {
      if (isPrevented) blocker ??= powerSaveBlocker.start('prevent-app-suspension')
      else if (blocker !== null) {
        powerSaveBlocker.stop(blocker)
        blocker = null
      }
    },
    showProgress: (share) => {
      // Below zero, there is none.
      for (const window of BrowserWindow.getAllWindows()) window.setProgressBar(share ?? -1)
    },
    applyTheme: (theme) => {
      nativeTheme.themeSource = theme
    },
    writeLog,
  }
}

/** Appends lines to a private log file. At startup, a file over the limit is rotated to `.1`. */
function logFile(folder: string): (line: string) => void {
  const path = join(folder, 'putdesk.log')
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > maxLogBytes) renameSync(path, `${path}.1`)
  } catch (error) {
    console.error(error)
  }
  return (line) => {
    try {
      appendFileSync(path, `${line}\n`, { mode: 0o600 })
    } catch {
      // A log that cannot be written, as on a full disk, must not end the app.
      console.error(line)
    }
  }
}
