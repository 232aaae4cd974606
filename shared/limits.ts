/**
 * The maximum size of one message on the pipe, in approximate characters of JSON. A test shows that the contract's schemas allow
 * nothing larger, so that every valid message arrives.
 */
export const maxMessageCost = 10 * 1024 * 1024

/** The maximum length of a text, or of a file as base64, in one message. */
export const maxTextLength = 1_000_000

/** The maximum length of a link, and how many can be added at once. */
export const maxLinkLength = 8192
export const maxLinks = 1000

/** How long a cancellation of a transfer can be taken back, and a deletion where there is no trash. */
export const undoMs = 10_000

/** The maximum number of items per action. */
export const maxItemIds = 100_000

/** How many items one request copies: few, because what it has copied is told at its end. */
export const maxCopied = 20

/** The maximum length of the password of an archive. */
export const maxPasswordLength = 1024

/** The maximum length of a thumbnail, as base64. */
export const maxThumbnailLength = 100_000
/** How much of a file that is not played the window may read. */
export const maxReadBytes = 8 * 1024 * 1024
/** The maximum length of a path on this computer. Source: Linux, PATH_MAX; Windows allows more only with a prefix. */
export const maxPathLength = 4096
/** The maximum number of items that can be saved at once. A folder counts as one. */
export const maxSaves = 1000

/** The maximum number of items that are played as one list. */
export const maxPlayed = 2000

/** How long a sign-in waits for the person, in their browser or on another device. */
export const signInMs = 10 * 60_000
