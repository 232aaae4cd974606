import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Offered } from '../backend/backend.ts'

const maxPaths = 100
/** The scheme of the links that a browser hands to this app at the end of a sign-in. */
export const ownScheme = 'putdesk'

/**
 * Reads magnet links and paths of torrent files from a command line; relative paths start at `folder`. Everything else, above all
 * switches, is ignored. Source: CVE-2018-1000006.
 */
export function readArguments(candidates: readonly string[], folder: string): Offered {
  const paths = candidates.flatMap((candidate) => toPath(candidate, folder) ?? [])
  return { text: candidates.filter(isMagnet).join('\n'), paths: [...new Set(paths)].slice(0, maxPaths) }
}

/** The link that ends a sign-in in a browser, from a command line; null if there is none. It contains secrets. */
export function readSignIn(candidates: readonly string[]): string | null {
  return candidates.find((candidate) => /^putdesk:\/\/auth\/?[?#][^\s\p{Cc}]{1,8000}$/iu.test(candidate)) ?? null
}

function isMagnet(text: string): boolean {
  return /^magnet:\?[^\s\p{Cc}]{1,8000}$/iu.test(text)
}

function toPath(candidate: string, folder: string): string | null {
  if (!/\.torrent$/i.test(candidate) || candidate.startsWith('-') || /\p{Cc}/u.test(candidate)) return null
  // At least two letters: a single one is the drive of a Windows path.
  if (!/^[a-z][a-z0-9+.-]+:/i.test(candidate)) return resolve(folder, candidate)
  if (!/^file:\/\/(localhost)?\//i.test(candidate)) return null
  try {
    const path = fileURLToPath(candidate)
    return /\p{Cc}/u.test(path) ? null : path
  } catch {
    // An invalid URL names no file.
    return null
  }
}
