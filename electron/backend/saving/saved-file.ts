import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Item } from '../../../shared/item.ts'
import type { ProgressFile } from './progress-file.ts'
import type { StoredSave } from './stored-save.ts'

/** The name that a file got in the end, and what it was then. */
export async function asWritten(save: StoredSave, progress: ProgressFile | null): Promise<Partial<StoredSave>> {
  const path = save.isFolder ? null : progress?.get(save.itemId)?.path
  if (path === null || path === undefined) return {}
  const found = await lstat(join(save.folder, path)).catch(() => null)
  const written = found === null ? null : { sizeBytes: found.size, atMs: found.mtimeMs }
  return { name: path, written }
}

/** The path of a file that was saved as an item is, and that nobody has changed or moved since; otherwise null. */
export async function unchangedPath(save: StoredSave, item: Item): Promise<string | null> {
  const { written } = save
  if (save.itemId !== item.id || save.state !== 'saved' || written === null) return null
  if (save.sizeBytes !== item.sizeBytes || save.itemAddedAtMs !== item.addedAtMs) return null
  const path = join(save.folder, save.name)
  const found = await lstat(path).catch(() => null)
  const isUnchanged = found?.isFile() === true && found.size === written.sizeBytes && found.mtimeMs === written.atMs
  return isUnchanged ? path : null
}
