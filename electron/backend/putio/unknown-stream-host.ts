/** The cause of an error for a stream on a host that is not trusted. */
export class UnknownStreamHost extends Error {
  readonly origin: string

  constructor(origin: string) {
    super(`the stream lies on ${origin}`)
    this.origin = origin
  }
}
