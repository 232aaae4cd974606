/** What some errors mean, for those that come without a sentence. Source: API v2 §3.2. */
const meanings: Record<string, string> = {
  EMPTY_NAME: 'A name cannot be empty.',
  SLASH_IN_NAME: 'A name cannot have a slash (“/”).',
  NAME_TOO_LONG: 'The name is too long.',
  NAME_ALREADY_EXIST: 'There is an item with this name already.',
  SEARCH_TOO_LONG_QUERY: 'The search is too long.',
  FILE_LOST: 'The service has lost the content of this file.',
  FILE_NOT_REACHABLE: 'The file cannot be reached at the moment. Try again later.',
  FEATURE_DISABLED: 'This is turned off in the settings of the account.',
  EMPTY_URL: 'There is no link.',
  TOO_MANY_URLS: 'These are too many links at once.',
  TRANSFER_NOT_FOUND: 'The service no longer knows this transfer.',
  TRASH_FILE_NOT_FOUND: 'It is no longer in the trash.',
  TRASH_LOCK_TIMEOUT: 'The service is busy with the trash. Try again in a moment.',
  TRASH_INCOMPLETE_TRASH: 'The service is still moving it to the trash. Try again in a moment.',
  TRASH_RESTORE_TOO_MANY_FILES: 'These are too many files to restore at once.',
  ZIP_TOTAL_SIZE_EXCEEDED: 'This is too large for a zip.',
  URL_REQUIRED: 'A feed needs an address.',
  URL_NOT_VALID: 'This is not the address of a feed.',
  FEED_CANNOT_FETCHED: 'The service could not fetch this feed.',
  FEED_CANNOT_PARSED: 'This address gives no feed that the service can read.',
  TITLE_REQUIRED: 'A feed needs a name.',
  TOO_MANY_RSS_FEEDS: 'There are too many feeds. Remove one first.',
  ALREADY_SHARED: 'It is in a folder that is shared already.',
  USER_NOT_FOUND: 'The service knows no user with this name.',
  LINK_EXPIRED: 'The link is no longer valid.',
}

/**
 * A sentence on an error: the service's own, if it is one, or ours for a known kind of error; null for any other. A sentence has several
 * words and neither an address nor anything about credentials. Source: API v2 §3.1.
 */
export function sentenceOf(type: string | null, message: string | null): string | null {
  const text = message?.trim() ?? ''
  const isSentence = /\p{L}\s+\p{L}/u.test(text) && text.length <= 500
  const isDoubtful = /:\/\/|\b(?:token|secret|password|credential|oauth)\b|[\p{Cc}<>{}]/iu.test(text)
  if (isSentence && !isDoubtful) return /[.!?…”]$/.test(text) ? text : `${text}.`
  return type !== null && Object.hasOwn(meanings, type) ? (meanings[type] ?? null) : null
}
