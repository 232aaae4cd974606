/** True when a file that should be a film or the like is a web page by its announced type and by its first bytes. */
export function isWebPage(contentType: string | null, head: Buffer): boolean {
  if (!/^(text\/html|application\/xhtml\+xml)\b/i.test(contentType ?? '')) return false
  return /^\ufeff?\s*<(!doctype|html|head|body|title|script|meta|!--|\?xml)/i.test(
    head.subarray(0, 1024).toString('utf8'),
  )
}
