import type { Core } from '../../core/core.ts'

/** The folder for transfers and uploads that name none; the root if it is gone. */
export function defaultFolderOf({ settings, space }: Core): number {
  const { defaultFolderId } = settings.get()
  return space.find(defaultFolderId)?.kind === 'folder' ? defaultFolderId : 0
}
