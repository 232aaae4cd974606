/** One start of 7-Zip. */
export interface SevenZipRequest {
  /** The command and its switches, then names of volumes. */
  args: readonly string[]
  /** The files it may read, under the names by which it finds them. */
  volumes: readonly { name: string; path: string }[]
  password: string | null
}

/** What it gives: the bytes of its standard output, and how it ended. */
export interface SevenZipRun {
  output: AsyncIterable<unknown>
  ended: Promise<{ code: number | null; messages: string }>
  stop: () => void
}

/** 7-Zip, as a program of its own or inside of this one. */
export interface SevenZip {
  /** What stands between the folders of a path in its list. */
  separator: '/' | '\\'
  run: (request: SevenZipRequest) => SevenZipRun
}

/** 7-Zip's exit code when it asks and nobody answers; it asks for passwords only. */
export const promptRefused = 255

/** The most memory that unpacking may take. */
export const memoryBytes = 1024 * 1024 * 1024
