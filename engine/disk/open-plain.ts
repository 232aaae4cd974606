import { constants } from 'node:fs'
import { type FileHandle, lstat, open } from 'node:fs/promises'

/**
 * Opens what lies under a name itself, and never what a symbolic link leads to: that rejects with `ELOOP`. `flags` are those of the
 * system, such as `constants.O_RDWR`. Windows has no such flag, so there the name is looked at first.
 */
export async function openPlain(
  path: string,
  flags: number,
  { mode = 0o600, noFollow = constants.O_NOFOLLOW }: { mode?: number; noFollow?: number | undefined } = {},
): Promise<FileHandle> {
  if (noFollow === undefined && (await isLink(path)))
    throw Object.assign(new Error(`ELOOP: a symbolic link is not opened, open '${path}'`), { code: 'ELOOP' })
  return open(path, flags | (noFollow ?? 0), mode)
}

async function isLink(path: string): Promise<boolean> {
  const stats = await lstat(path).catch(() => null)
  return stats?.isSymbolicLink() ?? false
}
