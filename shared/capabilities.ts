/**
 * What services differ in, beyond the common minimum. A client declares which of them its service has; the window and the backend check
 * these, never the API version or the kind of account. (There is no schema here, so that the window can load it without zod.)
 */
export const capabilityNames = [
  /** A failed transfer can resume, its archives with a password or kept packed. */
  'canRetryInPlace',
  /** The trackers of a torrent can be asked for peers at once. */
  'canReannounce',
  /** A torrent file can be uploaded in place of a link. */
  'canTakeTorrentFiles',
  /** The files of a torrent arrive while it is still seeding: from then on, cancelling it only stops the seeding. */
  'arrivesWhileSeeding',
  /** Deleted items go to a trash that can be listed and emptied. Elsewhere, a deletion can be undone only for a few seconds. */
  'hasTrash',
  /** Items can be copied at the service. */
  'canCopy',
  /** Files of this computer can be sent up. */
  'canUpload',
  /** An archive in the space can be unpacked there. */
  'canExtract',
  /** Other devices can be allowed to sign in, and be signed out. */
  'canApprove',
  /** The service fetches what new entries of a feed name. */
  'hasFeeds',
  /** The service tells what of a feed it would fetch, before the feed is added. */
  'canPreviewFeeds',
  /** The service keeps settings of the account, which can be changed here. */
  'hasAccountSettings',
  /** An item can be shared with other users of the service. */
  'canShare',
  /** An item can have a public link, whose page is known. */
  'canLinkPublicly',
  /** The service remembers how far an item was played, for all devices. */
  'keepsPositions',
  /** The service finds subtitles of a film, beyond the files that are beside it. */
  'hasSubtitles',
  /** The service announces changes; elsewhere they are found by asking again. */
  'hasPush',
] as const
type CapabilityName = (typeof capabilityNames)[number]

export type Capabilities = Readonly<Record<CapabilityName, boolean>>

/** The capabilities of a service that has not been asked yet or declares none. */
export const noCapabilities: Capabilities = {
  canRetryInPlace: false,
  canReannounce: false,
  canTakeTorrentFiles: false,
  arrivesWhileSeeding: false,
  hasTrash: false,
  canCopy: false,
  canUpload: false,
  canExtract: false,
  canApprove: false,
  hasFeeds: false,
  canPreviewFeeds: false,
  hasAccountSettings: false,
  canShare: false,
  canLinkPublicly: false,
  keepsPositions: false,
  hasSubtitles: false,
  hasPush: false,
}
