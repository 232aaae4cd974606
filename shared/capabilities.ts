/**
 * What an account's service can do beyond the common minimum. Each client declares all of them. The window and the backend check
 * these, never the API version or the kind of account. (It has no schema, so that the window can load it without zod.)
 */
export interface Capabilities {
  /** A failed transfer can resume, its archives with a password or kept packed. */
  readonly canRetryInPlace: boolean
  /** A torrent file can be uploaded in place of a link. */
  readonly canTakeTorrentFiles: boolean
  /** The files of a torrent arrive while it is still seeding: from then on, cancelling it only stops the seeding. */
  readonly arrivesWhileSeeding: boolean
  /** Deleted items go to a trash that can be listed and emptied. Elsewhere, a deletion can be undone only for a few seconds. */
  readonly hasTrash: boolean
}

/** The capabilities of a service that has not been asked yet or declares none. */
export const noCapabilities: Capabilities = {
  canRetryInPlace: false,
  canTakeTorrentFiles: false,
  arrivesWhileSeeding: false,
  hasTrash: false,
}
