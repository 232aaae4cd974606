import { ipcMain, type WebContents } from 'electron'
import { maxMessageCost } from '../../shared/limits.ts'
import type { Port } from '../../shared/rpc.ts'
import { isObject } from '../backend/files/json-content.ts'
import { isAffordable } from './message-cost.ts'
import { isOurFrame } from './security.ts'

const channel = 'putio'

/** The backend's end of the pipe to one window. */
export type WindowPort = Port & {
  /** Resolves when the page has sent its first message. */
  heard: Promise<void>
  close(): void
}

/**
 * Connects to one window. Messages from any other frame than its main frame are dropped; a message that is not plain data, or larger
 * than the contract allows, is answered with `bad-input` without parsing it. This is the only file that uses `ipcMain`.
 */
export function windowPort(contents: WebContents): WindowPort {
  const listeners: ((message: unknown) => void)[] = []
  let resolveHeard: () => void = () => undefined
  const heard = new Promise<void>((resolve) => {
    resolveHeard = resolve
  })
  /** Messages that arrived before there was a listener. */
  const early: unknown[] = []
  const send: WindowPort['send'] = (message) => {
    if (!contents.isDestroyed()) contents.send(channel, message)
  }
  const refuse = (message: unknown) => {
    const id = isObject(message) ? message.id : null
    if (typeof id === 'number') send({ id, error: { code: 'bad-input', sentence: 'This request is too large.' } })
  }
  const onMessage = (event: Electron.IpcMainEvent, message: unknown) => {
    if (event.sender !== contents || !isOurFrame(contents, event.senderFrame)) return
    if (!isAffordable(message, maxMessageCost)) return refuse(message)
    resolveHeard()
    if (listeners.length === 0) early.push(message)
    for (const listener of listeners) listener(message)
  }
  ipcMain.on(channel, onMessage)
  return {
    heard,
    send,
    onMessage: (listener) => {
      listeners.push(listener)
      for (const message of early.splice(0)) listener(message)
    },
    close: () => ipcMain.off(channel, onMessage),
  }
}
