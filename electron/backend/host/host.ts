import type { Settings } from '../../../shared/settings.ts'
import type { FromSaver, ToSaver } from '../../saver/messages.ts'
import type { SecretKeeper } from '../secrets/vault.ts'

/** The process of the local service, which may not be listening yet. Messages are the JSON objects of its protocol. */
export interface ServiceProcess {
  /** Null if the process could not be started. */
  pid: number | null
  send(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
  onExit(listener: (code: number | null) => void): void
  /** Asks the process to exit, and kills it if it has not exited after a few seconds. */
  stop(): Promise<void>
}

/** The process that saves files on this computer. */
export interface SaverProcess {
  send(message: ToSaver): void
  onMessage(listener: (message: FromSaver) => void): void
  onExit(listener: (code: number | null) => void): void
  /** Asks the process to exit, and kills it if it has not exited after a few seconds. */
  stop(): Promise<void>
}

/** A question with buttons. The last button does nothing. */
export interface Question {
  message: string
  detail: string
  buttons: readonly string[]
}

/** A notification of the system. */
export interface HostNotification {
  title: string
  body: string
  onClick(): void
}

/** What only the program around the backend can do: a handful of functions, so that everything else can be tested without a window. */
export interface Host {
  /** Where the backend keeps its files. */
  dataFolder: string
  secretKeeper: SecretKeeper
  /**
   * Starts the local service. `args` contain no secrets. Each line of its standard error goes to `note`. Throws `unavailable` if this
   * runtime cannot run it.
   */
  startService(args: readonly string[], note: (line: string) => void): ServiceProcess
  /** Why the local service cannot run here, or null. */
  whyNoService(): string | null
  /** Starts the process that saves files. Each line of its standard error goes to `note`. */
  startSaver(note: (line: string) => void): SaverProcess
  /** Asks the person for a folder; null if they choose none. `path` is where the dialog begins. */
  chooseFolder(path: string): Promise<string | null>
  /** Asks the person for files, or for folders, to send up. Returns their paths; none if they choose nothing. */
  chooseToSend(what: 'files' | 'folders'): Promise<readonly string[]>
  /** Asks the person where to save a file of this name; null if they choose nothing. The dialog asks before it replaces a file. */
  chooseFile(name: string): Promise<string | null>
  /** The system's folder for downloads. */
  downloadsFolder(): string
  /**
   * Prepares a drag of files and folders out of the window that has the focus now. Calling what it resolves to starts the drag; the
   * mouse button must still be down then.
   */
  prepareDrag(paths: readonly string[]): Promise<() => void>
  /** Shows a file in its folder, in the system's file manager. */
  showInFolder(path: string): void
  /** Puts a text on the system's clipboard. */
  copyText(text: string): void
  /** The text on the system's clipboard; empty if there is none. */
  copiedText(): Promise<string>
  /** Puts files on the system's clipboard, so that other programs paste them. */
  copyFiles(paths: readonly string[]): Promise<void>
  /** The person's languages, such as `de-AT`, the preferred one first. */
  languages(): readonly string[]
  /** Opens a file with the system's default program. */
  openWithSystem(path: string): Promise<void>
  /** Opens a page in the system's browser. Rejects if there is none. */
  openPage(url: string): Promise<void>
  /** Makes the system hand links that begin with `putdesk:` to this app. */
  claimScheme(): void
  /** Asks the person. Returns the index of the button, or of the last one if they closed the question. */
  ask(question: Question): Promise<number>
  /** Shows a notification. Returns a function that removes it. */
  notify(notification: HostNotification): () => void
  /** True while a window of the app has the focus. */
  isFocused(): boolean
  /** Opens the window, or brings it to the front. */
  showWindow(): void
  /** Keeps the computer from going to sleep, or lets it. */
  preventSleep(isPrevented: boolean): void
  /** Shows on the icon of the app how much of something is done, from 0 to 1; null for nothing. */
  showProgress(share: number | null): void
  /** Sets the theme of the window: light, dark, or the system's. */
  applyTheme(theme: Settings['theme']): void
  /** Writes one line to the log. Secrets have already been removed. */
  writeLog(line: string): void
}
