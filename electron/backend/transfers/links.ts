import { linksInHtml } from '../../../engine/text/links-in-html.ts'
import { identityOf, linksInTextBySteps } from '../../../engine/text/links-in-text.ts'

/** Extracts the links from HTML, if given, and then from text: each once, in order of appearance. Works in steps of a few milliseconds. */
export async function extractLinks(text: string, html: string | null): Promise<string[]> {
  const found = [...(html === null ? [] : await linksInHtml(html, null)), ...(await linksInTextBySteps(text))]
  const links = new Map<string, string>()
  for (const link of found) {
    const identity = identityOf(link) ?? link
    if (!links.has(identity)) links.set(identity, link)
  }
  return [...links.values()]
}
