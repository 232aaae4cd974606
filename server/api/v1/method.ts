import type { Core } from '../../core/core.ts'
import type { Params } from './params.ts'

/** A user's request, ready to be handled. */
export interface Call {
  core: Core
  params: Params
  /** The service's base URL, for links. */
  base: string
}

/** Returns the content of `results`. Throws a `Refusal` with the sentence for the envelope. */
export type Method = (call: Call) => unknown[] | Record<string, unknown> | Promise<unknown[] | Record<string, unknown>>
