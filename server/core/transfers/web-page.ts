/** True when a file that should be a film or the like is a web page by its announced type and by its first bytes. */
export function isWebPage(contentType: string | null, head: Buffer): boolean {
  if (!/^(text\/html|application\/xhtml\+xml)\b/i.test(contentType ?? '')) return false
  // Whatever the encoding: without the mark at the beginning and the zeros of UTF-16 it is ASCII.
  const start = head.subarray(0, 1024).toString('latin1').replaceAll('\0', '')
  return /^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*<(!doctype|html|head|body|title|script|meta|!--|\?xml)/i.test(start)
}
