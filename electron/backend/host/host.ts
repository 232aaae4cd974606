import type { Settings } from '../../../shared/settings.ts'
import type { SecretKeeper } from '../secrets/vault.ts'

/** A running local service, before it is known to listen. Messages are the JSON objects of its own protocol. */
export interface ServiceProcess {
  /** Null where it could not be started. */
  pid: number | null
  send(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
  onExit(listener: (code: number | null) => void): void
  /** Asks it to end, and ends it if it has not after some seconds. */
  stop(): Promise<void>
}

/** What only the program around the backend can do: a handful of functions, so that all else can be tested without a window. */
export interface Host {
  /** Where the backend keeps its files. */
  dataFolder: string
  secretKeeper: SecretKeeper
  /** Starts the local service with arguments that hold no secret; what it writes to its standard error goes to `note`. Throws `unavailable` where this runtime cannot run it. */
  startService(args: readonly string[], note: (line: string) => void): ServiceProcess
  /** Why the local service cannot run here, or null. */
  whyNoService(): string | null
  /** Opens a file with the system's own choice of program. */
  openWithSystem(path: string): Promise<void>
  /** Makes the window light or dark, or follow the system. */
  applyTheme(theme: Settings['theme']): void
  /** One line for the log; it has been freed of secrets. */
  writeLog(line: string): void
}
