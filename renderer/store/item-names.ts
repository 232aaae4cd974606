import { say } from '../words/say.ts'

const maxNameBytes = 255

/** Validates a name for an item among `others`: a sentence with the problem, or null. */
export function problemOfName(name: string, others: readonly string[]): string | null {
  if (name.trim() === '') return say('name.empty')
  if (name === '.' || name === '..') return say('name.dots')
  if (name.includes('/')) return say('name.slash')
  if ([...name].some((letter) => letter < ' ' || letter === '\u007f')) return say('name.control')
  if (new TextEncoder().encode(name).length > maxNameBytes) return say('name.long', { max: maxNameBytes })
  if (others.includes(name)) return say('name.taken', { name })
  return null
}

/** The name itself if it is free, otherwise with the first number that makes it free. */
export function freeName(name: string, taken: readonly string[]): string {
  const all = new Set(taken)
  let free = name
  for (let number = 2; all.has(free); number++) free = `${name} ${number}`
  return free
}

/** How many characters to select for renaming: everything but the extension, or all of a folder's name. */
export function stemLength(name: string, isFolder: boolean): number {
  const double = /\.(tar\.\w{1,4}|part\d+\.rar)$/i.exec(name)
  const at = double?.index ?? name.lastIndexOf('.')
  return isFolder || at <= 0 ? name.length : at
}
