import { type JoinedNames, nameAt } from './listing.ts'

const marks = /\p{M}+/gu
const plainAscii = /^[\x20-\x7e]*$/
const maxAscii = 0x7f
/** The code of “0”, with which every number begins in a key. */
const zero = 0x30
/** The code that ends a name. No name contains it. */
const end = 0

/** Longer names are compared by their raw text beyond this length: normalizing many combining marks is slow. */
const maxKeyLength = 512
/** The length of a number is one character of a key. */
const maxDigits = 0xff
/** Up to this length, every number has all its digits in a key. */
const maxPlainLength = maxDigits

/** The key for natural sorting: without case and accents, numbers by value. */
function naturalKey(whole: string): string {
  const name = whole.slice(0, maxKeyLength)
  const folded = plainAscii.test(name) ? name.toLowerCase() : name.normalize('NFKD').replace(marks, '').toLowerCase()
  return folded.replace(/\d+/g, (digits) => {
    const value = digits.replace(/^0+(?=\d)/, '')
    return String.fromCharCode(0x30, Math.min(value.length, maxDigits)) + value
  })
}

function compareTexts(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}

/** The indexes of names in natural order. Equal names keep their order. */
export function inNaturalOrder(names: readonly string[]): Uint32Array {
  const keys = names.map(naturalKey)
  return Uint32Array.from(keys, (_, index) => index).sort(
    (a, b) => compareTexts(keys[a] ?? '', keys[b] ?? '') || compareTexts(names[a] ?? '', names[b] ?? '') || a - b,
  )
}

/** Sorts values naturally by name. */
export function sortByName<T extends { name: string }>(values: readonly T[]): T[] {
  return [...inNaturalOrder(values.map(({ name }) => name))].flatMap((index) => values[index] ?? [])
}

/** True if names are in natural order already. This is much faster than sorting: most names need no key for it. */
export function areInNaturalOrder(names: JoinedNames): boolean {
  const codes = codesOf(names.text)
  for (let index = 0; index + 2 < names.starts.length; index++) {
    const order = comparePlain(codes, names.starts, index)
    if (order > 0 || (Number.isNaN(order) && compareNames(nameAt(names, index), nameAt(names, index + 1)) > 0))
      return false
  }
  return true
}

/** Compares two names as sorting does: negative if the first one is before the other, 0 if they are equal. */
function compareNames(a: string, b: string): number {
  return compareTexts(naturalKey(a), naturalKey(b)) || compareTexts(a, b)
}

/** The UTF-16 codes of a text; bytes if all are ASCII. */
type Codes = Uint8Array | Uint16Array

/** An array is read faster than a string. */
function codesOf(text: string): Codes {
  const bytes = new TextEncoder().encode(text)
  if (bytes.length === text.length) return bytes
  const codes = new Uint16Array(text.length)
  for (let at = 0; at < codes.length; at++) codes[at] = text.charCodeAt(at)
  return codes
}

/**
 * Compares a name with the next one as sorting does, without making strings. NaN if that is not possible: what decides must be ASCII,
 * and not too long.
 */
function comparePlain(codes: Codes, starts: Uint32Array, index: number): number {
  const startA = starts[index] ?? 0
  const startB = starts[index + 1] ?? 0
  if (startB - startA > maxPlainLength || (starts[index + 2] ?? 0) - startB > maxPlainLength) return Number.NaN
  let a = firstDifference(codes, startA, startB)
  let b = startB + a - startA
  if (codes instanceof Uint16Array && codes.subarray(startA, a).some((code) => code > maxAscii)) return Number.NaN
  const rawOrder = codeAt(codes, a) - codeAt(codes, b)
  // A number is compared as a whole, or at least from a digit on that is not a leading zero.
  while (a > startA && isDigit(codeAt(codes, a - 1))) {
    a--
    b--
    if (codes[a] !== zero) break
  }
  for (;;) {
    const codeA = foldedCode(codeAt(codes, a))
    const codeB = foldedCode(codeAt(codes, b))
    if (codeA > maxAscii || codeB > maxAscii) return Number.NaN
    if (codeA !== codeB) return codeA - codeB
    if (codeA === end) return rawOrder
    const isNumber = codeA === zero
    const order = isNumber ? compareNumbers(codes, a, b) : 0
    if (order !== 0) return order
    a = isNumber ? digitsEnd(codes, a) : a + 1
    b = isNumber ? digitsEnd(codes, b) : b + 1
  }
}

/** Where two names that start at `a` and `b` begin to differ, as a place in the first one; or its end. */
function firstDifference(codes: Codes, a: number, b: number): number {
  let length = 0
  while (codes[a + length] === codes[b + length] && codes[a + length] !== end) length++
  return a + length
}

/** Compares the numbers at two places by value. NaN if what follows a number may belong to it. */
function compareNumbers(codes: Codes, a: number, b: number): number {
  const endA = digitsEnd(codes, a)
  const endB = digitsEnd(codes, b)
  if (codeAt(codes, endA) > maxAscii || codeAt(codes, endB) > maxAscii) return Number.NaN
  const fromA = withoutZeros(codes, a)
  const fromB = withoutZeros(codes, b)
  const length = endA - fromA
  // The longer number is the larger one.
  if (length !== endB - fromB) return length - (endB - fromB)
  const at = Math.min(firstDifference(codes, fromA, fromB), endA)
  return at === endA ? 0 : codeAt(codes, at) - codeAt(codes, fromB + at - fromA)
}

/** Past the end of the text is an end, too. */
function codeAt(codes: Codes, at: number): number {
  return codes[at] ?? end
}

function digitsEnd(codes: Codes, start: number): number {
  let at = start
  while (isDigit(codeAt(codes, at))) at++
  return at
}

/** Where a number begins without its leading zeros; its last digit stays. */
function withoutZeros(codes: Codes, start: number): number {
  let at = start
  while (codes[at] === zero && isDigit(codeAt(codes, at + 1))) at++
  return at
}

function isDigit(code: number): boolean {
  return code >= zero && code <= 0x39
}

/** An ASCII letter in lower case. All digits are one, since they begin a number. */
function foldedCode(code: number): number {
  if (isDigit(code)) return zero
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code
}
