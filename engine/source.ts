import type { Readable } from 'node:stream'
import type { AskedPart, PartProblem, Validators } from './resume.ts'

/**
 * What the end of a body is worth. `proven`: its length or its last chunk says that it is whole. `unproven`: the connection was closed in
 * order, and nothing else says whether that was all. `broken`: it is not whole.
 */
export type Ending = 'proven' | 'unproven' | 'broken'

/** What an answer says about a file, with its first bytes. None of it can be trusted. */
export interface Announced {
  /** Where the file came from, after redirects. */
  url: string
  contentType: string | null
  contentDisposition: string | null
  sizeBytes: number | null
  head: Buffer
}

/** Bytes of a file that are on their way; to be read, or closed. */
export interface Delivery {
  kind: 'bytes'
  host: string
  /** Where in the file they begin: where it was asked, or 0 when the whole file comes instead. */
  start: number
  /** Where they end, exclusive; null when the server did not say. */
  end: number | null
  isWhole: boolean
  totalBytes: number | null
  validators: Validators
  /** The server has proved, or says, that it gives any part that is asked for. */
  givesParts: boolean
  announced: Omit<Announced, 'head'>
  stream: Readable
  /** Asked at the stream's end: what that is worth. */
  ending: () => Ending
  /** Asked after that: rejects when the server has more to say which makes the bytes worthless. */
  confirm: () => Promise<void>
  close: () => void
}

/** There is nothing from the asked place on: the file ends there. */
export interface NothingLeft {
  kind: 'nothing-left'
}

/** Something else than the part that was asked for. */
export interface Mismatch extends PartProblem {
  kind: 'mismatch'
}

/** A place that gives one file, whole or in parts. Rejects with a `FetchError`. */
export interface Source {
  host: string
  open: (asked: AskedPart, signal: AbortSignal) => Promise<Delivery | NothingLeft | Mismatch>
}
