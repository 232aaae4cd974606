/**
 * What an account's service can do beyond what every one can: each client declares all of them. The window and the backend ask for
 * these, never for a version of the API or a kind of account. (Without a schema, so that the window loads it.)
 */
export interface Capabilities {
  /** A failed transfer is tried again from what is left of it, its archives with a password or kept as they are. */
  readonly canRetryInPlace: boolean
  /** A torrent file can be handed over whole, in place of a link. */
  readonly canTakeTorrentFiles: boolean
  /** The files of a torrent arrive while it is still shared: from then on, cancelling it only ends the sharing. */
  readonly arrivesWhileSeeding: boolean
}

/** Of a service that has not been asked yet, or that tells of nothing. */
export const noCapabilities: Capabilities = {
  canRetryInPlace: false,
  canTakeTorrentFiles: false,
  arrivesWhileSeeding: false,
}
