import { execFileSync } from 'node:child_process'
import { lstatSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What some tests require of the system, beyond what Putdesk itself requires. */
const facilities = {
  tmpfs: () => process.platform === 'linux' && process.getuid?.() === 0,
  btrfs: () => process.platform === 'linux' && process.getuid?.() === 0 && answers('mkfs.btrfs', '--version'),
  strace: () => answers('strace', '-V'),
  rclone: () => answers('rclone', 'version'),
  // Third-party programs that the tests use as peers, servers and clients.
  nginx: notOnWindows,
  vsftpd: notOnWindows,
  libtorrent: notOnWindows,
  aria2: notOnWindows,
  mpv: notOnWindows,
  ffmpeg: notOnWindows,
  'programs of Unix': notOnWindows,
  // What Unix has and Windows lacks, or does differently.
  'shell scripts': notOnWindows,
  'symbolic links': canLink,
  /** The name of a removed file is free while a program still has the file open; under Wine nothing shows that before it is closed. */
  unlink: notOnWindows,
  'permissions of Unix': notOnWindows,
  'signals of Unix': notOnWindows,
  '/proc': () => process.platform === 'linux',
  'file names of Unix': notOnWindows,
  'other loopback addresses': () => process.platform === 'linux',
  vlc: () => process.platform === 'linux',
  'Node 24': () => Number.parseInt(process.versions.node, 10) >= 24,
  'a user who is root': () => process.getuid?.() === 0,
} satisfies Record<string, () => boolean>

export type Facility = keyof typeof facilities

/** True where the system has all of these. Tests that require a missing one are skipped and counted, and what they lack is named. */
export function has(...wanted: Facility[]): boolean {
  const missing = wanted.filter((name) => !facilities[name]())
  for (const name of missing) console.info(`${skipped} ${name}`)
  return missing.length === 0
}

/** The prefix of such a line; `build/test-windows.ts` collects them. */
const skipped = 'Skipped, because it needs:'

function notOnWindows(): boolean {
  return process.platform !== 'win32'
}

/** Windows lets only some users create them, and Wine none. */
function canLink(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'putdesk-link-'))
  try {
    const path = join(folder, 'link')
    symlinkSync('elsewhere', path)
    return lstatSync(path).isSymbolicLink()
  } catch {
    // Not on this system, or not for this user.
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
    // It does not exist, or may not run.
    return false
  }
}
