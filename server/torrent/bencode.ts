/** A bencoded value. Strings are bytes: one character a byte, as in Latin-1. */
export type Bencoded = number | string | Bencoded[] | Map<string, Bencoded>

/** Bytes that are not sound bencoding, with the place where that shows. */
export class BencodeError extends Error {
  override name = 'BencodeError'
}

const maxBytes = 16 * 1024 * 1024
const maxDepth = 64
const maxItems = 2_000_000

const [digit0, digit9, colon, minus] = [0x30, 0x39, 0x3a, 0x2d]
const [integerMark, listMark, dictionaryMark, endMark] = [0x69, 0x6c, 0x64, 0x65]

interface Frame {
  container: Bencoded[] | Map<string, Bencoded>
  key: string | null
  keyStart: number
}

interface Decoded {
  value: Bencoded
  /** Where the value ends. */
  end: number
  /** Where the values of the outermost dictionary stand, by key. */
  spans: Map<string, { start: number; end: number }>
}

/**
 * Reads one bencoded value at the beginning of `bytes`, without recursion: at most 16 MiB, 64 levels deep and two million values;
 * whole numbers that a double holds exactly, without leading zeros; no key twice. Keys need not be sorted, as many are not.
 * Throws a `BencodeError`. Source: BEP 3.
 */
function decodePrefix(bytes: Uint8Array): Decoded {
  if (bytes.length > maxBytes) throw new BencodeError('It is larger than 16 MiB.')
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const spans = new Map<string, { start: number; end: number }>()
  const stack: Frame[] = []
  let at = 0
  let items = 0
  for (;;) {
    const frame = stack.at(-1)
    const start = at
    let value: Bencoded | undefined
    if (frame !== undefined && buffer[at] === endMark) {
      if (frame.key !== null) throw new BencodeError(`A key without a value at byte ${at}.`)
      stack.pop()
      at += 1
      if (stack.length === 0) return { value: frame.container, end: at, spans }
      finish(stack, spans, at)
      continue
    }
    if (frame !== undefined && frame.key === null && frame.container instanceof Map) {
      const key = readString(buffer, at)
      if (frame.container.has(key.value)) throw new BencodeError(`A key that is there twice at byte ${at}.`)
      frame.key = key.value
      frame.keyStart = key.end
      at = key.end
      continue
    }
    items += 1
    if (items > maxItems) throw new BencodeError('It has too many values.')
    const mark = buffer[at]
    if (mark === dictionaryMark || mark === listMark) {
      if (stack.length >= maxDepth) throw new BencodeError(`It is nested deeper than ${maxDepth} levels.`)
      const container = mark === listMark ? [] : new Map<string, Bencoded>()
      if (frame !== undefined) put(frame, container)
      stack.push({ container, key: null, keyStart: 0 })
      at += 1
      continue
    }
    if (mark === integerMark) {
      const read = readInteger(buffer, at + 1)
      value = read.value
      at = read.end
    } else {
      const read = readString(buffer, at)
      value = read.value
      at = read.end
    }
    if (frame === undefined) return { value, end: at, spans }
    put(frame, value)
    if (stack.length === 1 && frame.key !== null) spans.set(frame.key, { start, end: at })
    frame.key = null
  }
}

/** Reads bytes that are one bencoded value and nothing else. */
export function decodeBencode(bytes: Uint8Array): Decoded {
  const decoded = decodePrefix(bytes)
  if (decoded.end !== bytes.length) throw new BencodeError(`There is more behind the end at byte ${decoded.end}.`)
  return decoded
}

/** True when bytes begin with one sound bencoded value; `isWhole` asks that nothing is behind it. */
export function isBencode(bytes: Uint8Array, { isWhole }: { isWhole: boolean }): boolean {
  try {
    const { end } = decodePrefix(bytes)
    return !isWhole || end === bytes.length
  } catch {
    return false
  }
}

function put(frame: Frame, value: Bencoded): void {
  if (frame.container instanceof Map) frame.container.set(frame.key ?? '', value)
  else frame.container.push(value)
}

/** A list or dictionary has ended: what holds it goes on with its next entry. */
function finish(stack: Frame[], spans: Decoded['spans'], end: number): void {
  const frame = stack.at(-1)
  if (frame === undefined || frame.key === null) return
  if (stack.length === 1) spans.set(frame.key, { start: frame.keyStart, end })
  frame.key = null
}

function readInteger(buffer: Buffer, start: number): { value: number; end: number } {
  const end = buffer.indexOf(endMark, start)
  const isLong = end === -1 || end - start > 17 || end === start
  const digits = isLong ? '' : buffer.toString('latin1', start, end)
  if (!/^(0|-?[1-9]\d*)$/.test(digits)) throw new BencodeError(`Not a whole number at byte ${start}.`)
  const value = Number(digits)
  if (!Number.isSafeInteger(value)) throw new BencodeError(`A number that is too large at byte ${start}.`)
  return { value, end: end + 1 }
}

function readString(buffer: Buffer, start: number): { value: string; end: number } {
  let length = 0
  let at = start
  for (; ; at += 1) {
    const byte = buffer[at]
    if (byte === colon && at > start) break
    if (byte === undefined || byte === minus || byte < digit0 || byte > digit9 || at - start > 8) {
      throw new BencodeError(`Not a value at byte ${start}.`)
    }
    length = length * 10 + (byte - digit0)
  }
  const end = at + 1 + length
  if (end > buffer.length) throw new BencodeError(`A string runs over the end at byte ${start}.`)
  return { value: buffer.toString('latin1', at + 1, end), end }
}
