import { maxTextLength } from '../../shared/limits.ts'
import type { Client } from '../../shared/rpc.ts'
import { formatSize } from '../words/format.ts'
import { say } from '../words/say.ts'

/** The longest text that is searched for links, in characters. */
export const maxPastedLength = 4_000_000

/** Short enough that one piece does not block anything for long. */
const pieceLength = maxTextLength / 2

/** The message for a longer text. */
export function textTooLong(): string {
  return say('links.textTooLong', { max: formatSize(maxPastedLength) })
}

/**
 * The links in texts and in pieces of HTML, each once. They are sent to the backend piece by piece, so that nothing is blocked
 * for long.
 */
export async function findLinks(client: Client, texts: readonly string[], htmls: readonly string[]): Promise<string[]> {
  const links = new Set<string>()
  const add = async (input: { text: string; html: string | null }) => {
    for (const link of await client.call('links.extract', input)) links.add(link)
  }
  for (const html of htmls) for (const piece of cut(html, htmlCuts)) await add({ text: '', html: piece })
  for (const text of texts) for (const piece of cut(text, textCuts)) await add({ text: piece, html: null })
  return [...links]
}

/** Where a text may be cut without cutting a link, the best place first. */
const textCuts = ['\n', ' ', '\t', ',', ';']
const htmlCuts = ['<']

function* cut(text: string, marks: readonly string[]): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const piece = text.slice(at, at + pieceLength)
    const isLast = at + piece.length === text.length
    const place = isLast ? -1 : (marks.map((mark) => piece.lastIndexOf(mark)).find((found) => found > 0) ?? -1)
    const length = place === -1 ? piece.length : place
    yield toPlain(piece.slice(0, length))
    at += length
  }
}

/** Control characters and halves of pairs are part of no link, and not every program takes them. */
function toPlain(text: string): string {
  return text.toWellFormed().replace(/(?![\n\r\t])\p{Cc}/gu, ' ')
}
