import { execFileSync } from 'node:child_process'
import { lstatSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What some tests need of the system that they run on, beyond what Putdesk itself needs. */
const facilities = {
  tmpfs: () => process.platform === 'linux' && process.getuid?.() === 0,
  strace: () => answers('strace', '-V'),
  // Programs that the tests take for strangers.
  nginx: notOnWindows,
  vsftpd: notOnWindows,
  libtorrent: notOnWindows,
  aria2: notOnWindows,
  mpv: notOnWindows,
  ffmpeg: notOnWindows,
  'programs of Unix': notOnWindows,
  // What Unix has and Windows has not, or has in another way.
  'shell scripts': notOnWindows,
  'symbolic links': canLink,
  /** The name of a removed file is gone while a program still has the file open; in Wine nothing tells before that ends. */
  unlink: notOnWindows,
  'permissions of Unix': notOnWindows,
  'signals of Unix': notOnWindows,
  '/proc': () => process.platform === 'linux',
  'file names of Unix': notOnWindows,
  'other loopback addresses': () => process.platform === 'linux',
  'a user who is root': () => process.getuid?.() === 0,
} satisfies Record<string, () => boolean>

export type Facility = keyof typeof facilities

/** True where the system has all of these. Tests that need what is missing are left out, counted, and what they lack is named. */
export function has(...wanted: Facility[]): boolean {
  const missing = wanted.filter((name) => !facilities[name]())
  for (const name of missing) console.info(`${leftOut} ${name}`)
  return missing.length === 0
}

/** How such a line begins; `build/test-windows.ts` collects them. */
const leftOut = 'Left out here is what needs:'

function notOnWindows(): boolean {
  return process.platform !== 'win32'
}

/** Windows lets only some people make them, and Wine nobody. */
function canLink(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'putdesk-link-'))
  try {
    const path = join(folder, 'link')
    symlinkSync('elsewhere', path)
    return lstatSync(path).isSymbolicLink()
  } catch {
    // Not here, or not this user.
    return false
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function answers(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' })
    return true
  } catch {
    // It is not there, or may not run.
    return false
  }
}
