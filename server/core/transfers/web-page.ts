/** True when a response is a web page, by its content type and its first bytes, where media was expected. */
export function isWebPage(contentType: string | null, head: Buffer): boolean {
  if (!/^(text\/html|application\/xhtml\+xml)\b/i.test(contentType ?? '')) return false
  // Works for any encoding: without byte order mark and the zeros of UTF-16, markup is ASCII.
  const start = head.subarray(0, 1024).toString('latin1').replaceAll('\0', '')
  return /^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*<(!doctype|html|head|body|title|script|meta|!--|\?xml)/i.test(start)
}
