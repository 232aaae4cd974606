import { execFileSync } from 'node:child_process'
import { temporaryFolder } from './temp-folder.ts'

/** A real volume of a few megabytes, in memory. */
export interface SmallDisk {
  folder: string
  resize: (mebibytes: number) => void
  makeReadOnly: () => void
  stop: () => void
}

/** True where the tests may mount; elsewhere what needs it says so and is left out. */
export function canMount(): boolean {
  const isPossible = process.platform === 'linux' && process.getuid?.() === 0
  if (!isPossible) console.info('A small disk needs Linux and root to mount a tmpfs; its tests are left out here.')
  return isPossible
}

/** True where system calls can be made to fail; elsewhere what needs it says so and is left out. */
export function canTrace(): boolean {
  try {
    execFileSync('strace', ['-V'], { stdio: 'ignore' })
    return true
  } catch {
    console.info('System calls that fail need strace; its tests are left out here.')
    return false
  }
}

/** Mounts a tmpfs of so many MiB. */
export function mountSmallDisk(mebibytes: number): SmallDisk {
  const folder = temporaryFolder('disk')
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder])
  return {
    folder,
    resize: (size) => execFileSync('mount', ['-o', `remount,size=${size}m`, folder]),
    makeReadOnly: () => execFileSync('mount', ['-o', 'remount,ro', folder]),
    stop: () => execFileSync('umount', ['-l', folder]),
  }
}
