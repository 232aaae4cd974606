import { ipcMain, type WebContents } from 'electron'
import type { Port } from '../../shared/rpc.ts'
import { isOurFrame } from './security.ts'

const channel = 'putio'
const largestMessage = 1024 * 1024

/** A window's end of the pipe, until it is closed. */
export type WindowPort = Port & {
  /** Resolves when the page has said its first word. */
  heard: Promise<void>
  close(): void
}

/**
 * The pipe's end for one window. A message whose frame is not that window's own main frame, or that is larger than 1 MiB, is
 * dropped. This is the only file that knows `ipcMain`.
 */
export function windowPort(contents: WebContents): WindowPort {
  const listeners: ((message: unknown) => void)[] = []
  let isHeard: () => void = () => undefined
  const heard = new Promise<void>((resolve) => {
    isHeard = resolve
  })
  /** What the page said before anybody listened. */
  const early: unknown[] = []
  const onMessage = (event: Electron.IpcMainEvent, message: unknown) => {
    if (event.sender !== contents || !isOurFrame(contents, event.senderFrame)) return
    if (sizeOf(message) > largestMessage) return
    isHeard()
    if (listeners.length === 0) early.push(message)
    for (const listener of listeners) listener(message)
  }
  ipcMain.on(channel, onMessage)
  return {
    heard,
    send: (message) => {
      if (!contents.isDestroyed()) contents.send(channel, message)
    },
    onMessage: (listener) => {
      listeners.push(listener)
      for (const message of early.splice(0)) listener(message)
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
