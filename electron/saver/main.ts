import type { FromSaver, ToSaver } from './messages.ts'
import { Saver } from './saver.ts'

// The program that saves files, in a process of its own. It is told what to save over the port of its parent.

interface ParentPort {
  on(event: 'message', listener: (event: { data: ToSaver }) => void): unknown
  postMessage(message: FromSaver): void
}

/** Electron's port in a utility process; that of Node in a forked one. */
function connect(receive: (message: ToSaver) => void): (message: FromSaver) => void {
  const port = 'parentPort' in process ? (process.parentPort as ParentPort | undefined) : undefined
  if (port !== undefined) {
    port.on('message', ({ data }) => receive(data))
    return (message) => port.postMessage(message)
  }
  process.on('message', (message: ToSaver) => receive(message))
  process.once('disconnect', () => receive({ kind: 'stop' }))
  return (message) => void process.send?.(message)
}

const send = connect((message) => {
  if (message.kind === 'stop') void saver.close().finally(() => process.exit(0))
  else saver.receive(message)
})
const saver = new Saver(send)
