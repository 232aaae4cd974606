import { execFileSync } from 'node:child_process'
import { rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './temp-folder.ts'

/** A real volume with Btrfs, which can clone files. */
export interface CloneDisk {
  folder: string
  /** How much is in use, once everything is on the disk. */
  usedBytes: () => number
  stop: () => void
}

/** Mounts one that has room for some 100 MiB, in a file. */
export function mountCloneDisk(): CloneDisk {
  const folder = temporaryFolder('btrfs')
  const image = join(temporaryFolder('image'), 'btrfs.img')
  writeFileSync(image, '')
  truncateSync(image, 300 * 1024 ** 2)
  execFileSync('mkfs.btrfs', ['--quiet', image])
  execFileSync('mount', ['-o', 'loop', image, folder])
  return {
    folder,
    usedBytes: () => {
      execFileSync('sync', ['--file-system', folder])
      const { blocks, bfree, bsize } = statfsSync(folder)
      return (blocks - bfree) * bsize
    },
    stop: () => {
      execFileSync('umount', [folder])
      rmSync(image)
    },
  }
}
