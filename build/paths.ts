import { homedir } from 'node:os'
import { join } from 'node:path'

/** The project's folder. */
export const root = join(import.meta.dirname, '..')

/** Where large things are kept that every clone can share. */
export const sharedCache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'putdesk')

/** Where this clone keeps what it made for itself. */
export const ownCache = join(root, '.cache')

/** Says what a script is doing. On standard error, so that standard output stays what the command prints. */
export function say(sentence: string): void {
  console.error(`Putdesk: ${sentence}`)
}

/** Ends a script with a sentence on what to do. */
export function stop(sentence: string): never {
  say(sentence)
  process.exit(1)
}
