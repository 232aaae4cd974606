/** What a link is, as far as its text tells. */
export type LinkKind = 'http' | 'ftp' | 'magnet' | 'torrent' | 'unknown'

export function linkKind(link: string): LinkKind {
  if (/^magnet:/i.test(link)) return 'magnet'
  if (!URL.canParse(link)) return 'unknown'
  const { protocol, pathname, hostname } = new URL(link)
  if (protocol === 'ftp:' || protocol === 'ftps:') return 'ftp'
  if ((protocol !== 'http:' && protocol !== 'https:') || hostname === '') return 'unknown'
  return /\.torrent$/i.test(pathname) ? 'torrent' : 'http'
}

/** Why this service cannot fetch a link, or null when it can try. */
export function whyNot(link: string): string | null {
  const kind = linkKind(link)
  switch (kind) {
    case 'http':
      return null
    case 'ftp':
      return 'This service cannot fetch ftp links yet.'
    case 'magnet':
    case 'torrent':
      return 'This service cannot fetch torrents yet.'
    case 'unknown':
      return `“${link.slice(0, 100)}” is not a link that can be fetched.`
    default:
      return kind satisfies never
  }
}

/** Finds the links in any text, in order of appearance. Links are recognised by their scheme. Source: API v1 §8.1. */
export function extractLinks(text: string): string[] {
  const found = text.match(/(?:https?|ftps?):\/\/[^\s<>"'`{}|\\^]+|magnet:\?[^\s<>"'`{}|\\^]+/gi) ?? []
  return found.map(trimLink).filter((link) => linkKind(link) !== 'unknown')
}

function trimLink(found: string): string {
  let link = found.replaceAll('&amp;', '&')
  for (;;) {
    const isOpen = /\)$/.test(link) && link.split('(').length >= link.split(')').length
    const next = isOpen ? link : link.replace(/[.,;:!?)\]]$/, '')
    if (next === link) return link
    link = next
  }
}
