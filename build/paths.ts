import { homedir } from 'node:os'
import { join } from 'node:path'

/** The root folder of the project. */
export const root = join(import.meta.dirname, '..')

/** Large downloads, shared by every clone. */
export const sharedCache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'putdesk')

/** Generated files of this clone. */
export const ownCache = join(root, '.cache')

/** Prints what a script is doing, on standard error: standard output is for the command's own output. */
export function say(sentence: string): void {
  console.error(`Putdesk: ${sentence}`)
}

/** Exits with a message that says what to do. */
export function stop(sentence: string): never {
  say(sentence)
  process.exit(1)
}
