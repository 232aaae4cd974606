import { isMac } from '../../parts/keys.ts'
import type { DraggedItems } from '../../store/item-actions.ts'
import { folderKey, folderOfKey } from '../../store/keys.ts'
import { selectedRows } from '../../store/selectors.ts'
import type { AppStore } from '../../store/store.ts'
import { trashKey } from '../../store/tree.ts'

const openAfterMs = 700

/** The key of the folder that an element stands for, or null. */
export function keyAt(target: EventTarget | null): string | null {
  return target instanceof Element ? (target.closest('[data-drop]')?.getAttribute('data-drop') ?? null) : null
}

/** True if items may be dropped on a folder or the trash. */
export function acceptsItems(key: string | null, dragged: DraggedItems | null): boolean {
  if (key === null || dragged === null) return false
  if (key === trashKey(dragged.accountId)) return true
  const folder = folderOfKey(key)
  return folder?.accountId === dragged.accountId && dragged.items.every(({ id }) => id !== folder.folderId)
}

/** True if what is dropped is copied: Ctrl is held, or Option on macOS. */
export function isCopying({ ctrlKey, altKey }: Pick<MouseEvent, 'ctrlKey' | 'altKey'>): boolean {
  return isMac ? altKey : ctrlKey
}

/** Moves the dragged items to where they were dropped, or copies them there. */
export async function dropItems(store: AppStore, key: string | null, isCopied: boolean) {
  const { dragged, setDragged, moveItems, copyItems, deleteItems } = store.getState()
  setDragged(null)
  if (dragged === null || key === null || !acceptsItems(key, dragged)) return
  const folder = folderOfKey(key)
  // What is dragged is selected.
  if (key === trashKey(dragged.accountId)) await deleteItems(dragged.accountId, selectedRows(store.getState()))
  else if (folder !== null && isCopied) await copyItems(dragged, folder.folderId)
  else if (folder !== null) await moveItems(dragged, folder.folderId)
}

/** Marks the drop target, and expands a folder of the tree that the pointer stays on. */
export function createHover(store: AppStore): (key: string | null) => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  return (key) => {
    const { dropAt, setDropAt, tree, setExpanded, wantChildren } = store.getState()
    if (key === dropAt) return
    clearTimeout(timer)
    setDropAt(key)
    const folder = key === null ? null : folderOfKey(key)
    if (key === null || folder === null) return
    timer = setTimeout(() => {
      setExpanded(key, true)
      if (!tree.get(folderKey(folder.accountId, folder.folderId))?.folders)
        void wantChildren(folder.accountId, folder.folderId)
    }, openAfterMs)
  }
}
