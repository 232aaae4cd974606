import { join } from 'node:path'
import { app, Menu, nativeImage, Tray } from 'electron'

const side = 22

/** The icon beside the clock, by which the window is opened again after it was closed. */
export class TrayIcon {
  #tray: Tray | null = null
  readonly #open: () => void

  constructor(open: () => void) {
    this.#open = open
  }

  show(): void {
    if (this.#tray !== null) return
    const icon = nativeImage.createFromPath(join(app.getAppPath(), 'dist', 'electron', 'icon.png'))
    const tray = new Tray(icon.resize({ width: side, height: side }))
    tray.setToolTip('Putdesk')
    tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: 'Open Putdesk', click: this.#open },
        { type: 'separator' },
        { label: 'Quit', click: () => app.quit() },
      ]),
    )
    tray.on('click', this.#open)
    this.#tray = tray
  }

  remove(): void {
    this.#tray?.destroy()
    this.#tray = null
  }
}
