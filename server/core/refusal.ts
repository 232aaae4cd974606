/** Why an act was refused, in a sentence for the person. */
export class Refusal extends Error {
  override name = 'Refusal'
}
