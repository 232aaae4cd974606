/** A set of pieces, one bit each, highest bit first, as peers exchange it. Source: BEP 3. */
export class Bits {
  readonly bytes: Uint8Array<ArrayBuffer>

  constructor(count: number, bytes: Uint8Array | null = null) {
    this.bytes = new Uint8Array(Math.ceil(count / 8))
    this.bytes.set(bytes?.subarray(0, this.bytes.length) ?? [])
  }

  static fromBase64(count: number, text: string): Bits {
    return new Bits(count, Buffer.from(text, 'base64'))
  }

  has(index: number): boolean {
    return ((this.bytes[index >> 3] ?? 0) & (128 >> (index & 7))) !== 0
  }

  add(index: number): void {
    this.bytes[index >> 3] = (this.bytes[index >> 3] ?? 0) | (128 >> (index & 7))
  }

  toBase64(): string {
    return Buffer.from(this.bytes).toString('base64')
  }
}
