/** The cause of a failure where a stream lies on a host that nobody vouches for. */
export class UnknownStreamHost extends Error {
  readonly origin: string

  constructor(origin: string) {
    super(`the stream lies on ${origin}`)
    this.origin = origin
  }
}
