/** The input of one run of 7-Zip. */
export interface SevenZipRequest {
  /** The command and its switches, followed by names of volumes. */
  args: readonly string[]
  /** The files it may read, and the names it finds them by. */
  volumes: readonly { name: string; path: string }[]
  password: string | null
}

/** A running 7-Zip: its standard output and its result. */
export interface SevenZipRun {
  output: AsyncIterable<unknown>
  ended: Promise<{ code: number | null; messages: string }>
  stop: () => void
}

/** 7-Zip, as a native program or as WebAssembly. */
export interface SevenZip {
  /** The path separator in its list. */
  separator: '/' | '\\'
  run: (request: SevenZipRequest) => SevenZipRun
}

/** 7-Zip's exit code when a prompt is not answered; it only prompts for passwords. */
export const promptRefused = 255

/** The memory limit for unpacking. */
export const memoryBytes = 1024 * 1024 * 1024
