import type { Readable } from 'node:stream'
import type { AskedPart, PartProblem, Validators } from './resume.ts'

/**
 * What the end of a body is worth. `proven`: its length or last chunk shows that it is complete. `unproven`: the connection was
 * closed in order, and nothing else shows whether that was all. `broken`: it is incomplete.
 */
export type Ending = 'proven' | 'unproven' | 'broken'

/** What a response says about a file, with its first bytes. None of it can be trusted. */
export interface Announced {
  /** Where the file came from, after redirects. */
  url: string
  contentType: string | null
  contentDisposition: string | null
  sizeBytes: number | null
  head: Buffer
}

/** Bytes of a file in flight; to be read or closed. */
export interface Delivery {
  kind: 'bytes'
  host: string
  /** Where they begin in the file: where requested, or 0 when the complete file arrives instead. */
  start: number
  /** Where they end, exclusive; null when the server did not say. */
  end: number | null
  isWhole: boolean
  totalBytes: number | null
  validators: Validators
  /** The server has shown, or says, that it delivers any requested part. */
  givesParts: boolean
  announced: Omit<Announced, 'head'>
  stream: Readable
  /** Call at the end of the stream: what that end is worth. */
  ending: () => Ending
  /** Call after that: rejects when the server has more to say that makes the bytes worthless. */
  confirm: () => Promise<void>
  close: () => void
}

/** Nothing follows the requested position: the file ends there. */
export interface NothingLeft {
  kind: 'nothing-left'
}

/** Something other than the requested part. */
export interface Mismatch extends PartProblem {
  kind: 'mismatch'
}

/** A source of one file, complete or in parts. Rejects with a `FetchError`. */
export interface Source {
  host: string
  open: (asked: AskedPart, signal: AbortSignal) => Promise<Delivery | NothingLeft | Mismatch>
}
