/**
 * A bencoded value. Strings are bytes, one character per byte, as in Latin-1. Null stands for a number that a double cannot hold.
 */
export type Bencoded = number | null | string | Bencoded[] | Map<string, Bencoded>

/** Bytes that are not valid bencoding, with the position of the problem. */
export class BencodeError extends Error {
  override name = 'BencodeError'
}

const maxBytes = 16 * 1024 * 1024
const maxDepth = 64
const maxItems = 2_000_000
const maxBlanks = 64
const maxDigits = 1000
/** Tab, line feed, carriage return, space, and the three bytes of the byte order mark. */
const blanks = new Set([0x09, 0x0a, 0x0d, 0x20, 0xef, 0xbb, 0xbf])

const [digit0, digit9, colon, minus] = [0x30, 0x39, 0x3a, 0x2d]
const [integerMark, listMark, dictionaryMark, endMark] = [0x69, 0x6c, 0x64, 0x65]

interface Frame {
  container: Bencoded[] | Map<string, Bencoded>
  key: string | null
  keyStart: number
}

interface Decoded {
  value: Bencoded
  /** Where the value begins and ends. */
  start: number
  end: number
  /** The positions of the outermost dictionary's values, by key. */
  spans: Map<string, { start: number; end: number }>
  /** The repeated keys of each dictionary. Only the first value of a key is kept. */
  repeated: Map<Map<string, Bencoded>, Set<string>>
}

/**
 * Reads one bencoded value from byte `start` on, without recursion: at most 16 MiB, 64 levels and two million values. Keys need
 * not be sorted, as many are not. In strict mode, integers are exact in a double and have no leading zeros, and no key repeats.
 * Throws a `BencodeError`. Source: BEP 3.
 */
function decodePrefix(bytes: Uint8Array, { from, isStrict }: { from: number; isStrict: boolean }): Decoded {
  if (bytes.length > maxBytes) throw new BencodeError('It is larger than 16 MiB.')
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const spans = new Map<string, { start: number; end: number }>()
  const repeated: Decoded['repeated'] = new Map()
  const stack: Frame[] = []
  let at = from
  let items = 0
  for (;;) {
    const frame = stack.at(-1)
    const start = at
    let value: Bencoded
    if (frame !== undefined && buffer[at] === endMark) {
      if (frame.key !== null) throw new BencodeError(`A key has no value at byte ${at}.`)
      stack.pop()
      at += 1
      if (stack.length === 0) return { value: frame.container, start: from, end: at, spans, repeated }
      finish(stack, spans, at)
      continue
    }
    if (frame !== undefined && frame.key === null && frame.container instanceof Map) {
      const key = readString(buffer, at)
      if (frame.container.has(key.value)) {
        if (isStrict) throw new BencodeError(`A key is there twice at byte ${at}.`)
        const keys = repeated.get(frame.container) ?? new Set()
        repeated.set(frame.container, keys.add(key.value))
      }
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
      const read = readInteger(buffer, at + 1, isStrict)
      value = read.value
      at = read.end
    } else {
      const read = readString(buffer, at)
      value = read.value
      at = read.end
    }
    if (frame === undefined) return { value, start: from, end: at, spans, repeated }
    put(frame, value)
    if (stack.length === 1 && frame.key !== null && !spans.has(frame.key)) spans.set(frame.key, { start, end: at })
    frame.key = null
  }
}

/**
 * Reads the first bencoded value and tolerates what does no harm: leading blanks and a byte order mark, trailing bytes, repeated
 * keys, large numbers and leading zeros. Throws a `BencodeError`.
 */
export function decodeBencode(bytes: Uint8Array): Decoded {
  return decodePrefix(bytes, { from: startOf(bytes), isStrict: false })
}

/** True when bytes begin with a valid bencoded value; with `isWhole`, nothing may follow it. */
export function isBencode(bytes: Uint8Array, { isWhole }: { isWhole: boolean }): boolean {
  try {
    const { end } = decodePrefix(bytes, { from: 0, isStrict: true })
    return !isWhole || end === bytes.length
  } catch {
    return false
  }
}

/** Where the first value begins, after a byte order mark and blanks. */
export function startOf(bytes: Uint8Array): number {
  let at = 0
  while (at < maxBlanks && blanks.has(bytes[at] ?? 0)) at += 1
  return at
}

function put(frame: Frame, value: Bencoded): void {
  if (!(frame.container instanceof Map)) frame.container.push(value)
  else if (!frame.container.has(frame.key ?? '')) frame.container.set(frame.key ?? '', value)
}

/** Ends a list or dictionary; its container continues with the next entry. */
function finish(stack: Frame[], spans: Decoded['spans'], end: number): void {
  const frame = stack.at(-1)
  if (frame === undefined || frame.key === null) return
  if (stack.length === 1 && !spans.has(frame.key)) spans.set(frame.key, { start: frame.keyStart, end })
  frame.key = null
}

function readInteger(buffer: Buffer, start: number, isStrict: boolean): { value: number | null; end: number } {
  const end = buffer.indexOf(endMark, start)
  const isLong = end - start > (isStrict ? 17 : maxDigits)
  const digits = end === -1 || isLong ? '' : buffer.toString('latin1', start, end)
  const isNumber = isStrict ? /^(0|-?[1-9]\d*)$/.test(digits) : /^-?\d+$/.test(digits)
  if (!isNumber) throw new BencodeError(`There is no whole number at byte ${start}.`)
  const value = Number(digits)
  if (Number.isSafeInteger(value)) return { value: value === 0 ? 0 : value, end: end + 1 }
  if (isStrict) throw new BencodeError(`A number is too large at byte ${start}.`)
  return { value: null, end: end + 1 }
}

function readString(buffer: Buffer, start: number): { value: string; end: number } {
  let length = 0
  let at = start
  for (; ; at += 1) {
    const byte = buffer[at]
    if (byte === colon && at > start) break
    if (byte === undefined || byte === minus || byte < digit0 || byte > digit9 || at - start > 8) {
      throw new BencodeError(`There is no value at byte ${start}.`)
    }
    length = length * 10 + (byte - digit0)
  }
  const end = at + 1 + length
  if (end > buffer.length) throw new BencodeError(`A string runs over the end at byte ${start}.`)
  return { value: buffer.toString('latin1', at + 1, end), end }
}
