import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { say } from './paths.ts'

/** What a Debian or Ubuntu needs for a part of the project, and a file that shows it is there. */
const needs = {
  electron: [
    'libgtk-3-0',
    'libnss3',
    'libasound2',
    'libgbm1',
    'libxss1',
    'libxtst6',
    'libatspi2.0-0',
    'libdrm2',
    'libnotify4',
    'libsecret-1-0',
    'dbus',
    'fonts-dejavu-core',
  ],
  display: ['xvfb', 'xauth'],
  tests: [
    'mpv',
    'ffmpeg',
    'nginx-light',
    'vsftpd',
    'aria2',
    'python3-libtorrent',
    '7zip',
    'zip',
    'bzip2',
    'xz-utils',
    'zstd',
    'libarchive-tools',
    'openssl',
    'strace',
  ],
  bench: [
    'curl',
    'nginx-light',
    'vsftpd',
    'aria2',
    'python3-libtorrent',
    '7zip',
    'libarchive-tools',
    'unar',
    'sqlite3',
  ],
  wine: ['wine', 'wine64'],
} satisfies Record<string, string[]>

type Need = keyof typeof needs

/** The programs among them, for systems whose packages have other names. */
const programs = {
  electron: [],
  display: process.platform === 'linux' ? ['Xvfb'] : [],
  tests: ['mpv', 'ffmpeg', 'nginx', 'vsftpd', 'aria2c', '7zz', 'strace'],
  bench: ['curl', 'nginx', 'vsftpd', 'aria2c', '7zz', 'bsdtar', 'unar', 'sqlite3'],
  wine: ['wine'],
} satisfies Record<Need, string[]>

/**
 * Sees that the system has what the named parts need. As root on Debian or Ubuntu it installs what is missing; elsewhere it
 * names it. Answers with the packages that are still missing.
 */
export function ensureSystemPackages(parts: readonly Need[]): string[] {
  if (process.platform !== 'linux' || !existsSync('/usr/bin/dpkg-query')) return namePrograms(parts)
  const wanted = parts.flatMap((part) => needs[part])
  const missing = wanted.filter((name) => !isInstalled(name))
  if (missing.length === 0) return []
  const command = `apt-get install --no-install-recommends ${missing.join(' ')}`
  if (process.getuid?.() !== 0) {
    say(`this system lacks ${missing.join(', ')}. As root: ${command}`)
    return missing
  }
  say(`installing system packages: ${missing.join(', ')}…`)
  const options = {
    stdio: ['ignore', 'ignore', 'inherit'] as ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }
  spawnSync('apt-get', ['update', '-qq'], options)
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing.map(nameHere)], options)
  const still = missing.filter((name) => !isInstalled(name))
  if (still.length > 0) say(`could not install ${still.join(', ')}. Try: ${command}`)
  return still
}

/** On any other system nothing is installed: what is missing is named. */
function namePrograms(parts: readonly Need[]): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const endings = process.platform === 'win32' ? ['.exe', '.com'] : ['']
  const isThere = (name: string) =>
    folders.some((folder) => endings.some((ending) => existsSync(join(folder, name + ending))))
  const missing = parts.flatMap((part): string[] => programs[part]).filter((name) => !isThere(name))
  if (missing.length > 0)
    say(`this system lacks ${missing.join(', ')}. Install what is missing and run the command again.`)
  return missing
}

/** Newer Debians and Ubuntus call some libraries by another name. */
function nameHere(name: string): string {
  const newer = `${name}t64`
  return isKnown(name) || !isKnown(newer) ? name : newer
}

function isInstalled(name: string): boolean {
  return [name, `${name}t64`].some((candidate) => {
    const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '$' + '{Status}', candidate], { encoding: 'utf8' })
    return stdout.startsWith('install ok installed')
  })
}

function isKnown(name: string): boolean {
  const { stdout } = spawnSync('apt-cache', ['policy', name], { encoding: 'utf8' })
  return stdout.includes('Candidate:') && !stdout.includes('Candidate: (none)')
}
