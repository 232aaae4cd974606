import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from 'vite'
import { root, say } from './paths.ts'

/** Banned parts of names and file names (`readFault` has the parts `read` and `fault`), and the standard term. */
export const bannedParts: ReadonlyMap<string, string> = new Map([
  ['complain', 'showError or report'],
  ['crew', 'supervisor'],
  ['desk', 'session'],
  ['fault', 'error'],
  ['faults', 'errors'],
  ['looks', 'lookups'],
  ['said', 'the name of the value: reply, header, raw'],
])

/** Banned prefixes of names, and the standard prefix. */
const bannedPrefixes: ReadonlyMap<string, string> = new Map([
  ['least', 'min'],
  ['most', 'max'],
])

/** Banned phrases in comments, and what to write instead. */
export const bannedPhrases: readonly (readonly [phrase: RegExp, instead: string])[] = [
  [/\bfaults?\b/i, 'error'],
  [/\b(?:is|are|be) gone on with\b/i, 'resumes, continues'],
  [/\bfor want of\b/i, 'because there is no …'],
  [/\bbegins? anew\b/i, 'starts over'],
  [/\bthat nobody \w+s any more\b/i, 'orphaned, unused'],
  [/\b(?:bears with|is borne)\b/i, 'tolerates'],
  [/, save (?:a|an|at|for|that|the|what)\b/i, 'except'],
  [/\bfor ever\b/i, 'forever'],
  [/\blends? its place\b/i, 'gives up its slot'],
  [/\bby turns\b/i, 'in turn'],
]

/** Files about fault injection, which is the term of the field. */
const injectsFaults = /^(?:tests\/faults\/|build\/faults\.ts$|tests\/.*-faults\.test\.ts$)/

/** A banned word in a file. */
export interface BannedWord {
  file: string
  line: number
  found: string
  instead: string
}

/** Splits a name into lower-case parts: `readHTTPFault` and `read-http-fault` give `read`, `http`, `fault`. */
function partsOf(name: string): string[] {
  const parts = name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? []
  return parts.map((part) => part.toLowerCase())
}

function replacementFor(name: string): string | null {
  const parts = partsOf(name)
  const prefix = parts.length > 1 ? bannedPrefixes.get(parts[0] ?? '') : undefined
  return prefix ?? parts.map((part) => bannedParts.get(part)).find((instead) => instead !== undefined) ?? null
}

/** Yields the names in a syntax tree with their positions. */
function* namesIn(node: unknown): Generator<{ name: string; start: number }> {
  if (typeof node !== 'object' || node === null) return
  if ('type' in node && 'name' in node && 'start' in node) {
    const { name, start } = node
    if (typeof name === 'string' && typeof start === 'number') yield { name, start }
  }
  for (const child of Object.values(node)) yield* namesIn(child)
}

/** Finds every banned word in a file's own name, its identifiers and its comments. */
export function bannedWordsIn(file: string, text: string): BannedWord[] {
  const { program, comments } = parseSync(file, text)
  const lineOf = (position: number) => text.slice(0, position).split('\n').length
  const fileName = file.split('/').at(-1) ?? ''
  const found: BannedWord[] = []
  const forFile = replacementFor(fileName)
  if (forFile !== null) found.push({ file, line: 1, found: fileName, instead: forFile })
  for (const { name, start } of namesIn(program)) {
    const instead = replacementFor(name)
    if (instead !== null) found.push({ file, line: lineOf(start), found: name, instead })
  }
  for (const { value, start } of comments) {
    // A phrase may be wrapped.
    const words = value.replace(/\s*\n\s*\*?\s*/g, ' ')
    for (const [phrase, instead] of bannedPhrases) {
      const match = phrase.exec(words)
      if (match !== null) found.push({ file, line: lineOf(start), found: match[0], instead })
    }
  }
  return found
}

/** Prints every banned word. Returns true if there is none. */
export function checkWords(): boolean {
  const { stdout } = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
  const files = stdout
    .split('\n')
    .filter((file) => /\.tsx?$/.test(file) && !/^build\/words(\.test)?\.ts$/.test(file))
    .filter((file) => existsSync(join(root, file)))
  const found = files
    .flatMap((file) => bannedWordsIn(file, readFileSync(join(root, file), 'utf8')))
    .filter(({ file, found: word }) => !(injectsFaults.test(file) && /faults?\b/i.test(word)))
  for (const { file, line, found: word, instead } of found) say(`${file}:${line}: “${word}”: write ${instead}.`)
  return found.length === 0
}
