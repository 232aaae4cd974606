import { maxTextLength } from '../../shared/limits.ts'
import type { Client } from '../../shared/rpc.ts'
import { formatSize } from '../words/format.ts'
import { say } from '../words/say.ts'

/** The longest text that is searched for links, in characters. */
export const maxPastedLength = 4_000_000

/** Short enough that one piece does not block other requests for long. */
const pieceLength = maxTextLength / 2

/** The message for a longer text. */
export function textTooLong(): string {
  return say('links.textTooLong', { max: formatSize(maxPastedLength) })
}

/**
 * Finds the links in texts and HTML, each once. Long input is sent to the backend in pieces, so that other requests are not blocked
 * for long.
 */
export async function findLinks(client: Client, texts: readonly string[], htmls: readonly string[]): Promise<string[]> {
  const links = new Set<string>()
  const add = async (input: { text: string; html: string | null }) => {
    for (const link of await client.call('links.extract', input)) links.add(link)
  }
  for (const html of htmls) for (const piece of split(html, htmlSeparators)) await add({ text: '', html: piece })
  for (const text of texts) for (const piece of split(text, textSeparators)) await add({ text: piece, html: null })
  return [...links]
}

/** Characters that no link contains, where a text can be split, the best first. */
const textSeparators = ['\n', ' ', '\t', ',', ';']
const htmlSeparators = ['<']

function* split(text: string, separators: readonly string[]): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const piece = text.slice(at, at + pieceLength)
    const isLast = at + piece.length === text.length
    const place = isLast
      ? -1
      : (separators.map((separator) => piece.lastIndexOf(separator)).find((found) => found > 0) ?? -1)
    const length = place === -1 ? piece.length : place
    yield toPlain(piece.slice(0, length))
    at += length
  }
}

/** Replaces control characters and lone surrogates, which are not part of any link. */
function toPlain(text: string): string {
  return text.toWellFormed().replace(/(?![\n\r\t])\p{Cc}/gu, ' ')
}
