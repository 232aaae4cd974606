import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { say } from './paths.ts'

/** The Debian and Ubuntu packages that each part of the project needs. */
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
    'vlc-bin',
    'vlc-plugin-base',
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
    'btrfs-progs',
    'xdg-utils',
    'xdotool',
    'yad',
    'rclone',
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

/** The programs among them, for systems with other package names. */
const programs = {
  electron: [],
  display: process.platform === 'linux' ? ['Xvfb'] : [],
  tests: [
    'mpv',
    'vlc',
    'ffmpeg',
    'nginx',
    'vsftpd',
    'aria2c',
    '7zz',
    'strace',
    'mkfs.btrfs',
    'xdg-open',
    'xdotool',
    'yad',
    'rclone',
  ],
  bench: ['curl', 'nginx', 'vsftpd', 'aria2c', '7zz', 'bsdtar', 'unar', 'sqlite3'],
  wine: ['wine'],
} satisfies Record<Need, string[]>

/**
 * Ensures that the system has what these parts need. As root on Debian or Ubuntu, installs missing packages; otherwise prints
 * them. Returns what is still missing.
 */
export function ensureSystemPackages(parts: readonly Need[]): string[] {
  if (process.platform !== 'linux' || !existsSync('/usr/bin/dpkg-query')) return reportMissingPrograms(parts)
  const wanted = parts.flatMap((part) => needs[part])
  const missing = wanted.filter((name) => !isInstalled(name))
  if (missing.length === 0) return []
  const command = `apt-get install --no-install-recommends ${missing.join(' ')}`
  if (process.getuid?.() !== 0) {
    say(`missing system packages: ${missing.join(', ')}. Run as root: ${command}`)
    return missing
  }
  say(`installing system packages: ${missing.join(', ')}…`)
  const options = {
    stdio: ['ignore', 'ignore', 'inherit'] as ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }
  spawnSync('apt-get', ['update', '-qq'], options)
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing.map(availableName)], options)
  const failed = missing.filter((name) => !isInstalled(name))
  if (failed.length > 0) say(`could not install ${failed.join(', ')}. Try: ${command}`)
  return failed
}

/** Prints missing programs on a system without apt, where nothing is installed automatically. */
function reportMissingPrograms(parts: readonly Need[]): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const extensions = process.platform === 'win32' ? ['.exe', '.com'] : ['']
  const isInPath = (name: string) =>
    folders.some((folder) => extensions.some((extension) => existsSync(join(folder, name + extension))))
  const missing = parts.flatMap((part): string[] => programs[part]).filter((name) => !isInPath(name))
  if (missing.length > 0) say(`missing programs: ${missing.join(', ')}. Install them and run the command again.`)
  return missing
}

/** Newer releases of Debian and Ubuntu add `t64` to the names of some libraries. */
function availableName(name: string): string {
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
