import { identityOf, linksInTextBySteps, maxLinkLength } from './links-in-text.ts'
import { plainMagnet } from './magnet-link.ts'
import { type Attributes, readMarkup } from './markup.ts'

const addressNames = ['href', 'src', 'data-href']
/** Elements that a page is made of, not what it offers. */
const ownParts = new Set(['link', 'script', 'style', 'base', 'form', 'input'])
/** Elements whose relative addresses are worth fetching; pictures of the page are not. */
const offering = new Set(['a', 'area', 'video', 'audio', 'source', 'embed'])
/** Elements that may stand inside a word. */
const withinWords = new Set(['wbr', 'b', 'strong', 'i', 'em', 'mark', 'font'])
const hidden = new Set(['script', 'style'])
const pageMark = /<(?:!doctype\s+html|html|head|body|title|a|p|div|table|ul|img|br|pre)[\s/>]/i

/** The links in a response body: a page, or any other text. `base` is its address. */
export function linksInPage(text: string, base: string): Promise<string[]> {
  return pageMark.test(text) ? linksInHtml(text, base) : linksInTextBySteps(text)
}

/**
 * The links in HTML, each once, in order of appearance: those in attributes, and those in the text. Without `base`, the address
 * of the page, only absolute ones are known. The work is done in short steps.
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
    // All text between two addresses is joined: many short pieces cost more than one of the same length.
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

/** A link relative to the page; null for an anchor in the page itself, or for what cannot be fetched. */
function resolveOther(value: string, base: string): string | null {
  return /^[?#]/.test(value) ? null : resolve(value, base)
}

function resolve(value: string, base: string | null): string | null {
  if (!URL.canParse(value, base ?? undefined)) return null
  const { href, protocol } = new URL(value, base ?? undefined)
  return /^(?:https?|ftps?):$/.test(protocol) ? href : null
}
