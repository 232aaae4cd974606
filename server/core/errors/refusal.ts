/** Why an act was refused, in a sentence for the person. */
export class Refusal extends Error {
  override name = 'Refusal'
}

/** A refusal because what was named is not there. */
export class NotFound extends Refusal {
  override name = 'NotFound'
}
