import { joinWrapped, restOfLine } from './wrapped-lines.ts'

const [ordinary, ends, special] = [0, 1, 2]
/** What each UTF-16 unit means inside a link. */
const classes = new Uint8Array(0x10000)
const endingRanges: [from: number, to: number][] = [
  [0, 0x20],
  [0x7f, 0xa0],
  [0x2000, 0x200a],
  // Full-width forms, except letters and digits.
  [0xff01, 0xff0f],
  [0xff1a, 0xff20],
  [0xff3b, 0xff3d],
  [0xff5b, 0xff65],
]
for (const [from, to] of endingRanges) classes.fill(ends, from, to + 1)
for (const mark of '<>"`{}|^“”„‟«»‹›\u1680\u2028\u2029\u202f\u205f\u3000\ufffd、。〃〈〉《》「」『』【】〔〕〖〗〝〞〟﹁﹂') {
  classes[mark.charCodeAt(0)] = ends
}
for (const mark of "()[]'*\\&,;") classes[mark.charCodeAt(0)] = special

/** What no link ends with: punctuation, emphasis, an open bracket, dangling joiners. */
const trailing = new Set(".,;:!?…*'’‘([–—―\u200c\u200d")
/** What shows that a link continues after an unmatched bracket or an apostrophe. */
const goesOn = /[\w/%~=-]/
const entity = /&(?:lt|gt|quot|nbsp|#0?34|#0?60|#0?62|#160|#x22|#x3c|#x3e|#xa0);/iy
const escaped = /\\(?:\/|u00(?:2[1356789bcdf]|3[abdf]|40|7e))/iy

/** Where a link stands in a text. */
export interface Place {
  at: number
  /** Where its scheme ends. */
  bodyAt: number
  /** Where the next separate link begins, or the text ends. */
  limit: number
  /** Where the previous link ended. */
  before: number
  /** The column separator, when the text is a table. */
  tableMark: ',' | ';' | null
  /** Ends at an `&`, because it is the value of a parameter. */
  isValue: boolean
}

/** The link's own text after its scheme, without what surrounds it, and where to continue. */
export function readBody(text: string, place: Place): { body: string; end: number } {
  const around = aroundOf(text, place)
  const end = findEnd(text, place, around)
  const written = text.slice(place.bodyAt, end)
  const wrapped = around.opener === '<' ? joinWrapped(text, { from: place.bodyAt, end, limit: place.limit }) : null
  const rest = wrapped ?? restOfLine(text, { at: place.at, written, end, limit: place.limit })
  if (rest !== null) return { body: trim(withoutEscapes(rest.body), 0), end: rest.end }
  return { body: trim(withoutEscapes(written), around.underscores), end }
}

/** What stands directly before a link, and therefore closes after it. */
interface Around {
  opener: string
  closer: string
  underscores: number
}

const closers: Record<string, string> = { '(': ')', '[': ']', "'": "'", '*': '*', '"': '"' }

function aroundOf(text: string, { at, before, tableMark }: Place): Around {
  const opener = at > 0 ? text.charAt(at - 1) : ''
  let underscores = 0
  while (underscores < 3 && '_~'.includes(text.charAt(at - 1 - underscores) || ' ')) underscores++
  const isTag = '="\''.includes(opener) && /\[[a-z]{1,10}=["']?$/i.test(text.slice(Math.max(0, at - 13), at))
  // A field of a table, unless the separator only separates two links.
  const isField = (opener === ',' || opener === ';') && at !== before
  const closer = isTag ? ']' : isField ? opener : (closers[opener] ?? tableMark ?? '')
  return { opener, closer, underscores }
}

function findEnd(text: string, { bodyAt, limit, isValue }: Place, { closer }: Around): number {
  let [round, square] = [0, 0]
  for (let at = bodyAt; at < limit; at++) {
    const kind = classes[text.charCodeAt(at)]
    if (kind === ordinary) continue
    if (kind === ends) return at
    const mark = text.charAt(at)
    const next = text.charAt(at + 1)
    const isClosed = mark === closer || at + 1 === limit || !goesOn.test(next)
    if (mark === '\\') {
      escaped.lastIndex = at
      if (!escaped.test(text)) return at
      at = escaped.lastIndex - 1
    } else if (mark === '(') round++
    else if (mark === ')') {
      if (round > 0) round--
      else if (isClosed) return at
    } else if (mark === '[') {
      // The end of a forum tag.
      if (next === '/') return at
      square++
    } else if (mark === ']') {
      if (square > 0) square--
      else if (isClosed) return at
    } else if (mark === "'") {
      if (closer === "'" && (at + 1 === limit || !goesOn.test(next))) return at
    } else if (mark === '&') {
      entity.lastIndex = at
      if (isValue || entity.test(text)) return at
    } else if (mark === closer) return at
  }
  return limit
}

/** Undoes the escaping of JSON and HTML in an address. */
function withoutEscapes(body: string): string {
  if (!body.includes('\\') && !body.includes('&')) return body
  let plain = body
  if (plain.includes('\\')) {
    plain = plain.replace(/\\(?:\/|u([0-9a-f]{4}))/gi, (_, code?: string) =>
      code === undefined ? '/' : String.fromCharCode(Number.parseInt(code, 16)),
    )
  }
  if (/&(?:amp;|apos;|#)/i.test(plain)) {
    plain = plain.replace(/&(?:(?:amp|#0?38|#x26);)(?:amp;)*/gi, '&').replace(/&(?:apos|#0?39|#x27);/gi, "'")
  }
  return plain
}

function trim(body: string, underscores: number): string {
  let end = body.length
  let left = underscores
  for (; end > 0; end--) {
    const last = body.charAt(end - 1)
    if (left > 0 && /[_~]/.test(last)) left--
    else if (!trailing.has(last)) break
  }
  return body.slice(0, end)
}
