import { randomBytes } from 'node:crypto'
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { getAttributeSync, listAttributesSync } from '@napi-rs/xattr'

/** A secret that is planted, to be looked for wherever it must not be. */
export interface Canary {
  /** What it is, such as `tracker’s passkey`. */
  name: string
  /** A random word in it, which every encoding of the whole contains in some encoding. */
  word: string
}

/** A canary that was found, and how it was written. */
export interface Found {
  canary: string
  encoding: string
}

interface Needle extends Found {
  bytes: Buffer
}

/** A random word for a canary: letters and digits, so that only an encoding of all characters changes it. */
export function canaryWord(): string {
  return `canary${randomBytes(9).toString('hex')}`
}

/** Bytes are read in parts of this size. */
const partBytes = 8 * 1024 * 1024
/** How many bytes of a needle are its key. */
const keyBytes = 3

/** Finds canaries in bytes, in every encoding. A pass costs about the same for one canary as for thirty. */
export class CanaryScanner {
  readonly #byKey = new Map<number, Needle[]>()
  readonly #keys = new Uint8Array(1 << (8 * keyBytes))
  #longest = 1

  /** Looks for this one, too. */
  add({ name, word }: Canary): void {
    for (const [encoding, bytes] of encodingsOf(word)) {
      const key = keyAt(bytes, 0)
      const needles = this.#byKey.get(key) ?? []
      needles.push({ canary: name, encoding, bytes })
      this.#byKey.set(key, needles)
      this.#keys[key] = 1
      this.#longest = Math.max(this.#longest, bytes.length)
    }
  }

  /** What is in a text or in bytes, each canary once for each encoding. */
  find(content: string | Buffer): Found[] {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    const found = new Map<string, Found>()
    for (let at = 0; at + keyBytes <= bytes.length; at += 1) {
      const key = keyAt(bytes, at)
      if (this.#keys[key] !== 1) continue
      for (const { canary, encoding, bytes: needle } of this.#byKey.get(key) ?? [])
        if (bytes.subarray(at, at + needle.length).equals(needle))
          found.set(`${canary} ${encoding}`, { canary, encoding })
    }
    return [...found.values()]
  }

  /** Returns a function that is given one part of a stream after the other, and finds also what is cut by their ends. */
  stream(): (part: string | Buffer) => Found[] {
    let rest: Buffer = Buffer.alloc(0)
    return (part) => {
      const bytes = Buffer.concat([rest, typeof part === 'string' ? Buffer.from(part) : part])
      rest = Buffer.from(bytes.subarray(Math.max(0, bytes.length - this.#longest)))
      return this.find(bytes)
    }
  }

  /** What is in everything below a folder: in names, contents, targets of links and extended attributes. By path. */
  findBelow(folder: string): Map<string, Found[]> {
    const found = new Map<string, Found[]>()
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name)
      const here = [...this.find(entry.name), ...this.#inEntry(path)]
      if (here.length > 0) found.set(path, here)
    }
    return found
  }

  #inEntry(path: string): Found[] {
    try {
      const state = lstatSync(path)
      if (state.isSymbolicLink()) return this.find(readlinkSync(path))
      const attributes = listAttributesSync(path).flatMap((name) => this.find(getAttributeSync(path, name) ?? ''))
      return state.isFile() ? [...attributes, ...this.#inFile(path)] : attributes
    } catch (error) {
      // Removed since its folder was read; it was not there for long.
      if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return []
      throw error
    }
  }

  #inFile(path: string): Found[] {
    const file = openSync(path, 'r')
    try {
      const find = this.stream()
      const part = Buffer.alloc(partBytes)
      const found: Found[] = []
      for (;;) {
        const length = readSync(file, part)
        if (length === 0) return found
        found.push(...find(part.subarray(0, length)))
      }
    } finally {
      closeSync(file)
    }
  }
}

function keyAt(bytes: Buffer, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
}

/** The bytes of a word in every encoding, and what that is. */
function encodingsOf(word: string): [encoding: string, bytes: Buffer][] {
  const codes = [...Buffer.from(word)]
  const hex = (prefix: string) => codes.map((code) => `${prefix}${code.toString(16)}`).join('')
  const plain = { plain: word, 'in capitals': word.toUpperCase() }
  const texts: Record<string, string> = {
    ...plain,
    'percent-encoded': hex('%'),
    'percent-encoded in capitals': hex('%').toUpperCase(),
    'percent-encoded twice': hex('%25'),
    'percent-encoded twice in capitals': hex('%25').toUpperCase(),
    'escaped as in JSON': hex('\\u00'),
    'escaped as in JSON twice': hex('\\\\u00'),
    'escaped as in XML': hex('&#x').replaceAll(/(?<=&#x..)/g, ';'),
    'in hexadecimal': hex(''),
    'in hexadecimal capitals': hex('').toUpperCase(),
    'in base64': Buffer.from(word).toString('base64'),
  }
  const inBase64 = [word, Buffer.from(word, 'utf16le')].flatMap((whole, wide) =>
    [0, 1, 2].map((offset): [string, string] => [
      `in base64${wide === 1 ? ' of UTF-16' : ''}, ${offset} later`,
      base64Inside(Buffer.from(whole), offset),
    ]),
  )
  for (const [encoding, text] of inBase64) {
    texts[encoding] = text
    texts[`${encoding}, for URLs`] = text.replaceAll('+', '-').replaceAll('/', '_')
  }
  return Object.entries(texts).flatMap(([encoding, text]): [string, Buffer][] => [
    [encoding, Buffer.from(text)],
    [`${encoding}, UTF-16LE`, Buffer.from(text, 'utf16le')],
    [`${encoding}, UTF-16BE`, Buffer.from(text, 'utf16le').swap16()],
  ])
}

/** The characters of base64 that depend on these bytes alone, `offset` bytes after a multiple of three. */
function base64Inside(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
  return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
}
