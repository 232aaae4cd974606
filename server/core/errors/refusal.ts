/** An action was refused, for a reason that the message tells the person. */
export class Refusal extends Error {
  override name = 'Refusal'
}

/** A refusal because there is no such item, transfer or subscription. */
export class NotFound extends Refusal {
  override name = 'NotFound'
}
