/** One run of 7-Zip. */
export interface SevenZipRequest {
  /** The command and its switches, followed by names of volumes. */
  args: readonly string[]
  /** The files it may read, under the names by which it finds them. */
  volumes: readonly { name: string; path: string }[]
  password: string | null
}

/** The result: its standard output, and how it ended. */
export interface SevenZipRun {
  output: AsyncIterable<unknown>
  ended: Promise<{ code: number | null; messages: string }>
  stop: () => void
}

/** 7-Zip, as a separate program or inside this one. */
export interface SevenZip {
  /** What stands between the folders of a path in its list. */
  separator: '/' | '\\'
  run: (request: SevenZipRequest) => SevenZipRun
}

/** 7-Zip's exit code when a prompt is not answered; it only prompts for passwords. */
export const promptRefused = 255

/** The maximum memory for unpacking. */
export const memoryBytes = 1024 * 1024 * 1024
