/** A reason that clients of API v2 tell apart. Source: API v2 §3.2. */
export type RefusalCode =
  | 'empty-name'
  | 'slash-in-name'
  | 'name-too-long'
  | 'name-taken'
  | 'already-shared'
  | 'too-many-links'

/** An action was refused, for a reason that the message tells the person. */
export class Refusal extends Error {
  override name = 'Refusal'
  readonly code: RefusalCode | null

  constructor(sentence: string, options?: { cause?: unknown; code?: RefusalCode }) {
    super(sentence, options)
    this.code = options?.code ?? null
  }
}

/** A refusal because there is no such item, transfer or subscription. */
export class NotFound extends Refusal {
  override name = 'NotFound'
}
