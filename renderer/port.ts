import type { Port } from '../shared/rpc.ts'

/** The pipe that the preload script exposes. */
interface Pipe {
  send(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
}

declare global {
  interface Window {
    readonly putio: Pipe
  }
}

/** The page's end of the pipe. */
export const windowPort: Port = {
  send: (message) => window.putio.send(message),
  onMessage: (listener) => window.putio.onMessage(listener),
}
