import { identityOf, linksInTextBySteps, maxLinkLength } from './links-in-text.ts'
import { plainMagnet } from './magnet-link.ts'
import { type Attributes, readMarkup } from './markup.ts'

const addressNames = ['href', 'src', 'data-href']
/** What a page is made with, not what it offers. */
const ownParts = new Set(['link', 'script', 'style', 'base', 'form', 'input'])
/** Where an address without a host is one to fetch; a picture of the page is not. */
const offering = new Set(['a', 'area', 'video', 'audio', 'source', 'embed'])
/** What may stand within a word. */
const withinWords = new Set(['wbr', 'b', 'strong', 'i', 'em', 'mark', 'font'])
const hidden = new Set(['script', 'style'])
const pageMark = /<(?:!doctype\s+html|html|head|body|title|a|p|div|table|ul|img|br|pre)[\s/>]/i

/** The links in what an address gives: a page, or any other text. `base` is the address. */
export function linksInPage(text: string, base: string): Promise<string[]> {
  return pageMark.test(text) ? linksInHtml(text, base) : linksInTextBySteps(text)
}

/**
 * The links in HTML, each once, in order of appearance: those that its elements lead to, and those in its words. Without `base`, the
 * address that the page came from, only those with a host of their own are known. The work is done in short steps.
 */
export async function linksInHtml(html: string, base: string | null): Promise<string[]> {
  const pieces = await piecesOf(html, base)
  const links = new Map<string, string>()
  for (const piece of pieces) {
    const found = piece.kind === 'link' ? [piece.link] : await linksInTextBySteps(piece.text)
    for (const link of found) {
      const identity = identityOf(link)
      if (identity !== null && !links.has(identity)) links.set(identity, link)
    }
  }
  return [...links.values()]
}

type Piece = { kind: 'link'; link: string } | { kind: 'text'; text: string }

async function piecesOf(html: string, givenBase: string | null): Promise<Piece[]> {
  const pieces: Piece[] = []
  let base = givenBase
  let words: string[] = []
  let hiddenBy: string | null = null
  const endWords = () => {
    // One text for all words between two addresses: many short ones cost more than one that is as long as they.
    if (words.length > 0) pieces.push({ kind: 'text', text: words.join('') })
    words = []
  }
  const divide = (name: string) => {
    if (!withinWords.has(name) && words.length > 0) words.push('\n')
  }
  await readMarkup(html, {
    onOpen: (name, attributes) => {
      divide(name)
      if (hidden.has(name)) hiddenBy = name
      if (name === 'base') base = resolve(attributes.href ?? '', base) ?? base
      for (const link of addressesIn(name, attributes, base)) {
        endWords()
        pieces.push({ kind: 'link', link })
      }
    },
    onText: (text) => {
      if (hiddenBy === null) words.push(text)
    },
    onClose: (name) => {
      divide(name)
      if (name === hiddenBy) hiddenBy = null
    },
  })
  endWords()
  return pieces
}

function addressesIn(name: string, attributes: Attributes, base: string | null): string[] {
  if (ownParts.has(name)) return []
  return addressNames.flatMap((key) => {
    const value = attributes[key]?.trim() ?? ''
    if (value === '' || value.length > 64 * 1024) return []
    if (/^(?:https?|ftps?):\/\//i.test(value)) return [value.replace(/\s/g, '%20')]
    if (/^magnet:\?/i.test(value)) return [plainMagnet(value.replace(/\s/g, '%20'), maxLinkLength)]
    if (value.startsWith('//')) return resolve(value, base ?? 'https://host') ?? []
    return offering.has(name) && base !== null ? (resolveOther(value, base) ?? []) : []
  })
}

/** A link of the page's own host; null for a place in the page itself, or what cannot be fetched. */
function resolveOther(value: string, base: string): string | null {
  return /^[?#]/.test(value) ? null : resolve(value, base)
}

function resolve(value: string, base: string | null): string | null {
  if (!URL.canParse(value, base ?? undefined)) return null
  const { href, protocol } = new URL(value, base ?? undefined)
  return /^(?:https?|ftps?):$/.test(protocol) ? href : null
}
