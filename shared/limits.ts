/**
 * What one message across the pipe may cost, in about the characters of its JSON. The contract's schemas allow nothing larger, which a
 * test shows, so that whatever they allow also arrives.
 */
export const maxMessageCost = 10 * 1024 * 1024

/** The longest text, and the largest file as base64, that crosses at once. */
export const maxTextLength = 1_000_000

/** The longest link, and how many are added at once. */
export const maxLinkLength = 8192
export const maxLinks = 1000

/** How many items one act takes. */
export const maxItemIds = 100_000
