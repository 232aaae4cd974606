import { ipcMain, type WebContents } from 'electron'
import type { Port } from '../../shared/rpc.ts'
import { isOurFrame } from './security.ts'

const channel = 'putio'
const largestMessage = 1024 * 1024

/**
 * The pipe's end for one window. A message whose frame is not that window's own main frame, or that is larger than 1 MiB, is
 * dropped. This is the only file that knows `ipcMain`.
 */
export function windowPort(contents: WebContents): Port & { close(): void } {
  const listeners: ((message: unknown) => void)[] = []
  const onMessage = (event: Electron.IpcMainEvent, message: unknown) => {
    if (event.sender !== contents || !isOurFrame(contents, event.senderFrame)) return
    if (sizeOf(message) > largestMessage) return
    for (const listener of listeners) listener(message)
  }
  ipcMain.on(channel, onMessage)
  return {
    send: (message) => {
      if (!contents.isDestroyed()) contents.send(channel, message)
    },
    onMessage: (listener) => {
      listeners.push(listener)
    },
    close: () => ipcMain.off(channel, onMessage),
  }
}

/** Characters of a message as JSON; what cannot be written as JSON is no message of ours. */
function sizeOf(message: unknown): number {
  try {
    return JSON.stringify(message)?.length ?? 0
  } catch {
    // Not plain data.
    return Number.POSITIVE_INFINITY
  }
}
