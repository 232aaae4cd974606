import { Refusal, type RefusalCode } from '../errors/refusal.ts'

/**
 * Throws a `Refusal` for an invalid name, saying which of its characters is the problem. With `isKept`, for a client that keeps the
 * names of its own files, everything that can be stored is valid.
 */
export function checkName(name: string, { isKept = false } = {}): void {
  const refuse = (why: string, code?: RefusalCode) => {
    throw new Refusal(`“${visible(name)}” cannot be a name: ${why}.`, code === undefined ? undefined : { code })
  }
  if (name.trim() === '') refuse('it is empty', 'empty-name')
  if (name === '.' || name === '..') refuse('it means a place, not an item')
  if (name.includes('/')) refuse('it holds a slash (“/”)', 'slash-in-name')
  if (name.includes('\0')) refuse('it holds a NUL character')
  if (!isKept && /\p{Cc}|[\u2028\u2029]/u.test(name)) refuse('it holds a control character')
  if (!isKept && /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(name)) {
    refuse('it holds a character that reverses the direction of text')
  }
  if (!name.isWellFormed()) refuse('it holds half a character')
  const length = Buffer.byteLength(name)
  if (length > 255) refuse(`it is too long, with ${length} bytes of at most 255`, 'name-too-long')
}

function visible(name: string): string {
  const shown = name.toWellFormed().replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd')
  return shown.length > 60 ? `${shown.slice(0, 59)}…` : shown
}
