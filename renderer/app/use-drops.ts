import { useEffect } from 'react'
import type { HeldItems } from '../store/item-actions.ts'
import { folderKey, folderOfKey, itemsType } from '../store/keys.ts'
import { type LinkInput, openLinks } from '../store/open-links.ts'
import { selectedRows } from '../store/selectors.ts'
import { trashKey } from '../store/tree.ts'
import { useAppStore } from '../store/use-app.ts'
import { say } from '../words/say.ts'

const openAfterMs = 700

/** The key of the folder under the pointer, or null. */
function keyAt(target: EventTarget | null): string | null {
  return target instanceof Element ? (target.closest('[data-drop]')?.getAttribute('data-drop') ?? null) : null
}

/** True for the trash of the account that the dragged items are in. */
function isTrashOf(dragged: HeldItems | null, key: string | null): boolean {
  return dragged !== null && key === trashKey(dragged.accountId)
}

/** Reads the dropped text, HTML and files. */
function readDrop(data: DataTransfer): LinkInput {
  // Lines that start with a hash are comments. Source: RFC 2483 §5.
  const uris = data.getData('text/uri-list').replace(/^#.*$/gm, '').trim()
  const html = data.getData('text/html')
  const files = [...data.files]
  return {
    // Dropped files also have `file:` URLs, which are not links.
    text: uris === '' || files.length > 0 ? data.getData('text/plain') : uris,
    html: html === '' || uris !== '' ? null : html,
    files,
  }
}

/** Handles drops on the window: links anywhere, and items on folders. */
export function useDrops() {
  const store = useAppStore()
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let inside = 0

    function hover(key: string | null) {
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

    function onDragOver(event: DragEvent) {
      const data = event.dataTransfer
      if (data === null) return
      const { dragged, dialog, place } = store.getState()
      const key = keyAt(event.target)
      event.preventDefault()
      if (data.types.includes(itemsType)) {
        const folder = key === null ? null : folderOfKey(key)
        const isFolder =
          folder !== null &&
          dragged?.accountId === folder.accountId &&
          dragged.items.every(({ id }) => id !== folder.folderId)
        const mayDrop = isFolder || isTrashOf(dragged, key)
        data.dropEffect = mayDrop ? 'move' : 'none'
        hover(mayDrop ? key : null)
        return
      }
      const mayDrop = place !== null && (dialog === null || dialog.kind === 'add-links')
      data.dropEffect = mayDrop ? 'copy' : 'none'
      hover(mayDrop ? (key !== null && folderOfKey(key) !== null ? key : 'window') : null)
    }

    async function onDrop(event: DragEvent) {
      event.preventDefault()
      inside = 0
      const { dragged, setDragged, moveItems, deleteItems, dialog } = store.getState()
      const key = keyAt(event.target)
      hover(null)
      const folder = key === null ? null : folderOfKey(key)
      const data = event.dataTransfer
      if (data === null) return
      if (data.types.includes(itemsType)) {
        setDragged(null)
        // What is dragged is selected.
        if (dragged !== null && isTrashOf(dragged, key))
          await deleteItems(dragged.accountId, selectedRows(store.getState()))
        else if (folder !== null && dragged?.accountId === folder.accountId) await moveItems(dragged, folder.folderId)
        return
      }
      if (dialog !== null && dialog.kind !== 'add-links') return
      await openLinks(store, readDrop(data), say('drop.nothing'), folder ?? undefined)
    }

    const onEnter = () => {
      inside++
    }
    const onLeave = () => {
      inside--
      if (inside <= 0) hover(null)
    }
    const onEnd = () => {
      inside = 0
      hover(null)
      store.getState().setDragged(null)
    }
    const drop = (event: DragEvent) => void onDrop(event)
    window.addEventListener('dragenter', onEnter)
    window.addEventListener('dragleave', onLeave)
    window.addEventListener('dragover', onDragOver)
    window.addEventListener('drop', drop)
    window.addEventListener('dragend', onEnd)
    return () => {
      clearTimeout(timer)
      window.removeEventListener('dragenter', onEnter)
      window.removeEventListener('dragleave', onLeave)
      window.removeEventListener('dragover', onDragOver)
      window.removeEventListener('drop', drop)
      window.removeEventListener('dragend', onEnd)
    }
  }, [store])
}
