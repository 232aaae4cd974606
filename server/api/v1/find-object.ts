import { code, hexPair } from './bytes.ts'

/** A range of bytes; the end is exclusive. */
export interface Span {
  start: number
  end: number
}

/** A JSON object in the bytes of a request. Only its outline was read: its values may be invalid. */
export interface FoundObject extends Span {
  /** True when its quotes and braces are percent-encoded, and so all of it. */
  isEncoded: boolean
  /** True when a plus stands for a space. */
  hasPlus: boolean
  /** The values of these names in the object itself, as they are in the bytes, without quotes. */
  key: Span | null
  secret: Span | null
}

/** The size of a piece: before the scan is compiled, one takes about a millisecond. */
const stepBytes = 8 * 1024
const maxDepth = 32
const maxValues = 100_000
/** Ten characters, all of them escaped. */
const maxNameBytes = 60
const maxSpaceBytes = 1024

/**
 * Finds the object that starts here, in one pass, and yields after each piece so that other work can run. Null when no
 * object starts here, or when it does not end, is nested too deeply or has too many values.
 */
export function* findObject(bytes: Buffer, from: number): Generator<void, FoundObject | null> {
  const start = skipSpace(bytes, from)
  const isLiteral = bytes[start] === code.openBrace
  if (!isLiteral && !(bytes[start] === code.percent && hexPair(bytes, start + 1) === code.openBrace)) return null
  const scan = new ObjectScan(bytes, start, !isLiteral)
  while (!scan.isOver) {
    scan.advance()
    if (!scan.isOver) yield
  }
  return scan.found
}

/** Reads only brackets and strings, and keeps its position, so that it can continue later. */
class ObjectScan {
  isOver = false
  found: FoundObject | null = null
  readonly #bytes: Buffer
  readonly #start: number
  #isEncoded: boolean
  #hasPlus: boolean
  #at: number
  #depth = 0
  #values = 0
  #isInString = false
  #isEscaped = false
  #stringStart = 0
  #isName = true
  #name: 'key' | 'secret' | null = null
  #key: Span | null = null
  #secret: Span | null = null

  constructor(bytes: Buffer, start: number, isEncoded: boolean) {
    this.#bytes = bytes
    this.#start = start
    this.#at = start
    this.#isEncoded = isEncoded
    this.#hasPlus = isEncoded
  }

  /** Reads the next piece. */
  advance(): void {
    const bytes = this.#bytes
    const limit = Math.min(bytes.length, this.#at + stepBytes)
    const isEncoded = this.#isEncoded
    // In local variables, as this runs for every byte.
    let at = this.#at
    let isInString = this.#isInString
    let isEscaped = this.#isEscaped
    while (at < limit && !this.isOver) {
      let byte = bytes[at] ?? 0
      let next = at + 1
      if (byte === code.percent && isEncoded) {
        const value = hexPair(bytes, next)
        if (value !== -1) {
          byte = value
          next += 2
        }
      }
      if (!isInString) {
        // JSON has no percent sign outside of strings, so the whole object must be encoded.
        if (byte === code.percent && !isEncoded) {
          this.#beginEncoded()
          return
        }
        if (byte === code.quote) {
          isInString = true
          this.#stringStart = next
        } else if (byte < 0x30 || byte > 0x39) this.#readMark(byte, next)
      } else if (isEscaped) isEscaped = false
      else if (byte === code.backslash) isEscaped = true
      else if (byte === code.quote) {
        isInString = false
        this.#endString(at)
      }
      at = next
    }
    this.#at = at
    this.#isInString = isInString
    this.#isEscaped = isEscaped
    this.isOver ||= at >= bytes.length
  }

  #readMark(byte: number, next: number): void {
    if (byte === code.openBrace || byte === code.openBracket) {
      this.#depth += 1
      this.isOver = this.#depth > maxDepth
    } else if (byte === code.closeBrace || byte === code.closeBracket) {
      this.#depth -= 1
      if (this.#depth === 0) this.#end(next)
    } else if (byte === code.comma) {
      this.#values += 1
      this.isOver = this.#values > maxValues
      if (this.#depth === 1) this.#isName = true
    } else if (byte === code.colon) {
      if (this.#depth === 1) this.#isName = false
    } else if (byte === code.plus) this.#hasPlus = true
  }

  #endString(end: number): void {
    if (this.#depth !== 1) return
    const span = { start: this.#stringStart, end }
    if (this.#isName) this.#name = this.#readName(span)
    else if (this.#name === 'key') this.#key = span
    else if (this.#name === 'secret') this.#secret = span
  }

  #readName({ start, end }: Span): 'key' | 'secret' | null {
    if (end - start > maxNameBytes) return null
    const name = plainName(this.#bytes.toString('latin1', start, end), this.#isEncoded)
    return name === 'api_key' ? 'key' : name === 'api_secret' ? 'secret' : null
  }

  #end(end: number): void {
    this.isOver = true
    if (!isBoundary(this.#bytes, end)) return
    this.found = {
      start: this.#start,
      end,
      isEncoded: this.#isEncoded,
      hasPlus: this.#hasPlus,
      key: this.#key,
      secret: this.#secret,
    }
  }

  #beginEncoded(): void {
    this.#isEncoded = true
    this.#hasPlus = false
    this.#at = this.#start
    this.#depth = 0
    this.#values = 0
    this.#isName = true
    this.#name = null
    this.#key = null
    this.#secret = null
  }
}

function plainName(text: string, isEncoded: boolean): string {
  const decoded = isEncoded && text.includes('%') ? text.replace(/%[2-7][0-9a-f]/gi, decodeURIComponent) : text
  if (!decoded.includes('\\')) return decoded
  return decoded.replace(/\\u00([4-7][0-9a-f])/gi, (_all, digits: string) => decodeURIComponent(`%${digits}`))
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from
  while (at - from < maxSpaceBytes) {
    const byte = bytes[at] ?? 0
    if (isSpace(byte) || byte === code.plus) at += 1
    else if (byte === code.percent && isSpace(hexPair(bytes, at + 1))) at += 3
    else break
  }
  return at
}

/**
 * True when an object may end here: before the end, the next field, space, or the `=` of a body without a field name.
 */
function isBoundary(bytes: Buffer, at: number): boolean {
  const byte = bytes[at]
  if (byte === undefined || byte === code.ampersand || isSpace(byte) || byte === code.plus) return true
  if (byte === code.percent) return isSpace(hexPair(bytes, at + 1))
  return byte === 0x3d && at === bytes.length - 1
}

function isSpace(byte: number): boolean {
  return byte === code.space || byte === code.tab || byte === code.newline || byte === code.return
}
