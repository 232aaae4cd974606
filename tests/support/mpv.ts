import { writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A configuration that makes the app's mpv play without a screen, listen to the test, and request what it seeks instead of caching all. */
export function headlessMpv(folder: string): { environment: Record<string, string>; socket: string } {
  const socket = join(folder, 'mpv.sock')
  writeFileSync(
    join(folder, 'mpv.conf'),
    `vo=null\nao=null\nforce-window=no\ncache=no\ndemuxer-max-bytes=512KiB\ninput-ipc-server=${socket}\n`,
  )
  return { environment: { MPV_HOME: folder }, socket }
}

/** A connection to mpv's IPC socket. */
export interface Mpv {
  get(property: string): Promise<unknown>
  command(...words: unknown[]): Promise<unknown>
  /** Polls a property until it meets the condition. */
  until(property: string, isWanted: (value: unknown) => boolean): Promise<unknown>
  close(): void
}

/** Connects to the mpv that listens on a socket, once there is one. */
export async function joinMpv(socket: string): Promise<Mpv> {
  const connection = await connectTo(socket)
  const waiting = new Map<number, (answer: { error: string; data?: unknown }) => void>()
  const lines = createInterface({ input: connection })
  lines.on('error', () => connection.destroy())
  lines.on('line', (line) => {
    const answer: { request_id?: number; error: string; data?: unknown } = JSON.parse(line)
    if (answer.request_id !== undefined) waiting.get(answer.request_id)?.(answer)
  })
  let nextId = 1
  // An mpv that has quit does not answer.
  connection.on('error', () => connection.destroy())
  connection.once('close', () => {
    for (const answer of waiting.values()) answer({ error: 'gone' })
  })
  const command = (...words: unknown[]) =>
    new Promise<unknown>((resolve) => {
      if (connection.destroyed) return resolve(null)
      const id = nextId++
      waiting.set(id, (answer) => resolve(answer.error === 'success' ? answer.data : null))
      connection.write(`${JSON.stringify({ command: words, request_id: id })}\n`)
    })
  const get = (property: string) => command('get_property', property)
  return {
    get,
    command,
    until: async (property, isWanted) => {
      for (let attempt = 0; attempt < 400; attempt += 1) {
        const value = await get(property)
        if (isWanted(value)) return value
        await new Promise((resolve) => setTimeout(resolve, 25))
      }
      throw new Error(`mpv's ${property} did not meet the condition`)
    },
    close: () => connection.destroy(),
  }
}

/** The socket appears a moment before mpv listens on it. */
async function connectTo(path: string): Promise<Socket> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    const connection = connect(path)
    const isOpen = await new Promise<boolean>((resolve) => {
      connection.once('connect', () => resolve(true))
      connection.once('error', () => resolve(false))
    })
    if (isOpen) return connection
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error('no mpv listens')
}
