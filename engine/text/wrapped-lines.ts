const maxWrapped = 8192

/** A link's own text, and where it ends in the whole text. */
interface Part {
  body: string
  end: number
}

/**
 * Undoes the soft line breaks of a mail when the text is entirely quoted-printable: each `=` begins an escape or ends a line.
 * Source: RFC 2045 §6.7.
 */
export function joinSoftBreaks(text: string): string {
  if (!/=\r?\n/.test(text) || /=(?![0-9A-F]{2}|\r?\n)/.test(text) || !/=[0-9A-F]{2}/.test(text)) return text
  return text
    .replace(/=\r?\n/g, '')
    .replace(/(?:=[0-9A-F]{2})+/g, (run) => Buffer.from(run.replaceAll('=', ''), 'hex').toString('utf8'))
}

/**
 * Joins a link in angle brackets across line ends and quote marks; null when it does not continue. Source: RFC 3986, appendix C.
 */
export function joinWrapped(
  text: string,
  { from, end, limit }: { from: number; end: number; limit: number },
): Part | null {
  const pieces = [text.slice(from, end)]
  let at = end
  for (;;) {
    lineEnd.lastIndex = at
    if (!lineEnd.test(text)) break
    line.lastIndex = lineEnd.lastIndex
    const piece = line.exec(text)?.[0] ?? ''
    at = lineEnd.lastIndex + piece.length
    pieces.push(piece)
    if (at > limit || at - from > maxWrapped) return null
  }
  return at > end && text.charAt(at) === '>' ? { body: pieces.join(''), end: at } : null
}

const lineEnd = /[ \t]*\r?\n(?:[ \t]*>(?=[ \t>]))*[ \t]*/y
const line = /[^\s<>"]*/y

/**
 * A line that is only a link may contain blanks, as in lists for download programs: then its name has an ending, and the part
 * before the first blank has none. Null when the link ends at the blank.
 */
export function restOfLine(
  text: string,
  { at, written, end, limit }: { at: number; written: string; end: number; limit: number },
): Part | null {
  if (text.charAt(end) !== ' ' || (at > 0 && text.charAt(at - 1) !== '\n')) return null
  if (/[?#]|\.\w{1,5}$/.test(written) || !written.includes('/')) return null
  plainLine.lastIndex = end
  const whole = plainLine.exec(text)?.[0] ?? ''
  const isLineEnd = /^[\r\n]?$/.test(text.charAt(end + whole.length))
  const rest = whole.trimEnd()
  if (!isLineEnd || end + rest.length > limit || !/\.(?=\w*[a-z])\w{2,5}$/i.test(rest.slice(-6))) return null
  return { body: (written + rest).replaceAll(' ', '%20'), end: end + rest.length }
}

const plainLine = /[^\r\n\t<>"|{}`^\\]{1,1024}/y

/**
 * The column separator when the text is a table with a header: every line has as many separators as the first. Otherwise null.
 */
export function tableMark(text: string): ',' | ';' | null {
  const headline = /^\s*([\w"'-][\w "'.-]{0,60}(?:[,;][\w"'-][\w "'.-]{0,60})+)\r?\n/.exec(text)
  const [whole, columns = ''] = headline ?? []
  if (whole === undefined) return null
  const mark = columns.includes(';') ? ';' : ','
  const count = columns.split(mark).length
  const lines = text.slice(whole.length).split('\n')
  const hasColumns = (row: string) => row.trim() === '' || row.replace(/"[^"]*"/g, '').split(mark).length === count
  return lines.every(hasColumns) ? mark : null
}
