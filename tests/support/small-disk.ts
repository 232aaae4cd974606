import { execFileSync } from 'node:child_process'
import { temporaryFolder } from './temp-folder.ts'

/** A real volume of a few megabytes, in memory. */
export interface SmallDisk {
  folder: string
  resize: (mebibytes: number) => void
  /** How many files and folders the volume can have. */
  limitFiles: (count: number) => void
  makeReadOnly: () => void
  makeWritable: () => void
  stop: () => void
}

/** Mounts a tmpfs of this size. */
export function mountSmallDisk(mebibytes: number): SmallDisk {
  const folder = temporaryFolder('disk')
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder])
  return {
    folder,
    resize: (size) => execFileSync('mount', ['-o', `remount,size=${size}m`, folder]),
    limitFiles: (count) => execFileSync('mount', ['-o', `remount,nr_inodes=${count}`, folder]),
    makeReadOnly: () => execFileSync('mount', ['-o', 'remount,ro', folder]),
    makeWritable: () => execFileSync('mount', ['-o', 'remount,rw', folder]),
    stop: () => execFileSync('umount', ['-l', folder]),
  }
}
