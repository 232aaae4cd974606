import type { Core } from '../../core/core.ts'
import type { Params } from './params.ts'

/** One request of the user's, ready to be answered. */
export interface Call {
  core: Core
  params: Params
  /** Where this service listens, as it is to stand in URLs. */
  base: string
  isExtended: boolean
}

/** Answers with what goes into `results`. Throws a `Refusal` for what the envelope is to say. */
export type Method = (call: Call) => unknown[] | Record<string, unknown> | Promise<unknown[] | Record<string, unknown>>
