/** The blocks of a bz2, one after another. What is damaged or cut ends them. Source: bzip2 1.0.8, by Julian Seward, BSD licence. */
export function unpackBzip2(input: Uint8Array, out: Uint8Array): { length: number; isOver: boolean } {
  const level = (input[3] ?? 0) - 0x30
  if (level < 1 || level > 9) return { length: 0, isOver: false }
  const bits = new Bits(input, 4)
  const room = new Uint32Array(level * 100_000)
  let length = 0
  try {
    for (;;) {
      const [high, low] = [bits.take(24), bits.take(24)]
      if (high === 0x177245 && low === 0x385090) return { length, isOver: true }
      if (high !== 0x314159 || low !== 0x265359) throw new Damaged()
      const block = readBlock(bits, room)
      const written = writeBlock(block, out.subarray(length))
      length += written
      if (length === out.length) return { length, isOver: false }
    }
  } catch (error) {
    if (!(error instanceof Damaged)) throw error
    return { length, isOver: false }
  }
}

class Damaged extends Error {
  override name = 'Damaged'
}

class Bits {
  readonly #bytes: Uint8Array
  #at: number
  #held = 0
  #count = 0

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  /** Up to 24 bits, the highest first. */
  take(count: number): number {
    while (this.#count < count) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new Damaged()
      this.#held = ((this.#held << 8) | byte) >>> 0
      this.#count += 8
    }
    this.#count -= count
    const value = this.#held >>> this.#count
    this.#held &= 2 ** this.#count - 1
    return value
  }
}

interface Block {
  /** Bytes in the low eight bits; the rest is room for the links of the sort. */
  sorted: Uint32Array
  first: number
}

interface Code {
  /** For each length: the highest code, and where its symbols begin. */
  limits: Int32Array
  bases: Int32Array
  symbols: number[]
}

function readBlock(bits: Bits, sorted: Uint32Array): Block {
  const maxBytes = sorted.length
  bits.take(24)
  bits.take(8)
  // A randomized block, of versions before 0.9.5.
  if (bits.take(1) === 1) throw new Damaged()
  const first = bits.take(24)
  const used = usedBytes(bits)
  const symbolCount = used.length + 2
  const codeCount = bits.take(3)
  const selectorCount = bits.take(15)
  if (used.length === 0 || codeCount < 2 || codeCount > 6 || selectorCount === 0) throw new Damaged()
  const selectors = readSelectors(bits, selectorCount, codeCount)
  const codes = Array.from({ length: codeCount }, () => readCode(bits, symbolCount))
  let count = 0
  let run = 0
  let runBit = 1
  for (let symbol = 0, at = 0; ; at++) {
    const code = codes[selectors[Math.floor(at / 50)] ?? -1]
    if (code === undefined) throw new Damaged()
    symbol = readSymbol(bits, code)
    if (symbol <= 1) {
      run += runBit << symbol
      runBit <<= 1
      if (run > maxBytes) throw new Damaged()
      continue
    }
    if (count + run > maxBytes) throw new Damaged()
    sorted.fill(used[0] ?? 0, count, count + run)
    count += run
    run = 0
    runBit = 1
    if (symbol === symbolCount - 1) break
    const [byte] = used.splice(symbol - 1, 1)
    if (byte === undefined || count === maxBytes) throw new Damaged()
    used.unshift(byte)
    sorted[count++] = byte
  }
  if (first >= count) throw new Damaged()
  return { sorted: sorted.subarray(0, count), first }
}

function usedBytes(bits: Bits): number[] {
  const used: number[] = []
  const groups = bits.take(16)
  for (let group = 0; group < 16; group++) {
    if ((groups & (0x8000 >> group)) === 0) continue
    const members = bits.take(16)
    for (let member = 0; member < 16; member++) if (members & (0x8000 >> member)) used.push(group * 16 + member)
  }
  return used
}

function readSelectors(bits: Bits, count: number, codeCount: number): number[] {
  const order = Array.from({ length: codeCount }, (_, index) => index)
  return Array.from({ length: count }, () => {
    let place = 0
    while (bits.take(1) === 1) if (++place >= codeCount) throw new Damaged()
    const [code = 0] = order.splice(place, 1)
    order.unshift(code)
    return code
  })
}

const maxLength = 20

function readCode(bits: Bits, symbolCount: number): Code {
  const lengths: number[] = []
  let length = bits.take(5)
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    while (bits.take(1) === 1) length += bits.take(1) === 0 ? 1 : -1
    if (length < 1 || length > maxLength) throw new Damaged()
    lengths.push(length)
  }
  const limits = new Int32Array(maxLength + 2).fill(-1)
  const bases = new Int32Array(maxLength + 2)
  const symbols: number[] = []
  let code = 0
  for (let size = 1; size <= maxLength; size++) {
    bases[size] = symbols.length - code
    for (const [symbol, of] of lengths.entries()) if (of === size) symbols.push(symbol)
    code = symbols.length - (bases[size] ?? 0)
    limits[size] = code - 1
    code <<= 1
  }
  return { limits, bases, symbols }
}

function readSymbol(bits: Bits, { limits, bases, symbols }: Code): number {
  let code = 0
  for (let size = 1; size <= maxLength; size++) {
    code = code * 2 + bits.take(1)
    if (code <= (limits[size] ?? -1)) {
      const symbol = symbols[code + (bases[size] ?? 0)]
      if (symbol === undefined) throw new Damaged()
      return symbol
    }
  }
  throw new Damaged()
}

/** Undoes the sort and the runs, as far as there is room. Returns how many bytes that is. */
function writeBlock({ sorted, first }: Block, out: Uint8Array): number {
  const starts = new Uint32Array(257)
  for (const value of sorted) {
    const next = (value & 0xff) + 1
    starts[next] = (starts[next] ?? 0) + 1
  }
  for (let byte = 1; byte < 257; byte++) starts[byte] = (starts[byte] ?? 0) + (starts[byte - 1] ?? 0)
  for (let at = 0; at < sorted.length; at++) {
    const byte = (sorted[at] ?? 0) & 0xff
    const place = starts[byte] ?? 0
    starts[byte] = place + 1
    sorted[place] = (sorted[place] ?? 0) | (at << 8)
  }
  let length = 0
  let place = (sorted[first] ?? 0) >>> 8
  let previous = -1
  let repeats = 0
  for (let count = 0; count < sorted.length && length < out.length; count++) {
    const value = sorted[place] ?? 0
    const byte = value & 0xff
    place = value >>> 8
    if (repeats === 4) {
      // After four of the same comes how many more there are.
      const end = Math.min(length + byte, out.length)
      out.fill(previous, length, end)
      length = end
      repeats = 0
      previous = -1
      continue
    }
    repeats = byte === previous ? repeats + 1 : 1
    previous = byte
    out[length++] = byte
  }
  return length
}
