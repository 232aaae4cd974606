import { ipcMain, type WebContents } from 'electron'
import { maxMessageCost } from '../../shared/limits.ts'
import type { Port } from '../../shared/rpc.ts'
import { isObject } from '../backend/files/json-content.ts'
import { isAffordable } from './message-cost.ts'
import { isOurFrame } from './security.ts'

const channel = 'putio'

/** A window's end of the pipe, until it is closed. */
export type WindowPort = Port & {
  /** Resolves when the page has sent its first message. */
  heard: Promise<void>
  close(): void
}

/**
 * The pipe's end for one window. A message whose frame is not that window's own main frame is dropped; one that is no plain data, or
 * larger than the contract allows, is answered with `bad-input` unread. This is the only file that knows `ipcMain`.
 */
export function windowPort(contents: WebContents): WindowPort {
  const listeners: ((message: unknown) => void)[] = []
  let isHeard: () => void = () => undefined
  const heard = new Promise<void>((resolve) => {
    isHeard = resolve
  })
  /** Messages that arrived before there was a listener. */
  const early: unknown[] = []
  const send: WindowPort['send'] = (message) => {
    if (!contents.isDestroyed()) contents.send(channel, message)
  }
  const refuse = (message: unknown) => {
    const id = isObject(message) ? message.id : null
    if (typeof id === 'number') send({ id, error: { code: 'bad-input', sentence: 'This is too much at once.' } })
  }
  const onMessage = (event: Electron.IpcMainEvent, message: unknown) => {
    if (event.sender !== contents || !isOurFrame(contents, event.senderFrame)) return
    if (!isAffordable(message, maxMessageCost)) return refuse(message)
    isHeard()
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
