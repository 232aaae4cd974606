/** Decodes percent-encoding to bytes. A `%` without two hex digits stands for itself. Source: RFC 3986 §2.1. */
export function percentBytes(text: string): Buffer {
  const plain = Buffer.from(text).toString('latin1')
  return Buffer.from(
    plain.replace(/%([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
}

/** Percent-encodes every non-ASCII byte of a text with one character per byte, as Node gives headers. */
export function escapeBytes(text: string): string {
  return text.replace(/[^\0-\x7f]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`)
}
