import { useEffect } from 'react'
import type { DraggedFile } from '../../shared/dragged-file.ts'
import { acceptsItems, createHover, dropItems, isCopying, keyAt } from '../features/browser/drop-target.ts'
import type { DraggedItems } from '../store/item-actions.ts'
import { folderOfKey } from '../store/keys.ts'
import { type LinkInput, openLinks } from '../store/open-links.ts'
import { shownTarget, takeIn } from '../store/take-in.ts'
import type { Dropping } from '../store/ui.ts'
import { useAppStore } from '../store/use-app.ts'
import { say } from '../words/say.ts'

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

/**
 * True for the files of the items that were dragged out of this window, and not for others of the same name. Until they are dropped, all
 * that is known is that they are files.
 */
function isOurs({ types, files }: DataTransfer, dragged: DraggedItems | null): boolean {
  if (dragged === null || dragged.files === null || !types.includes('Files')) return false
  if (files.length === 0) return true
  const known = new Set(dragged.files.map(factsOf))
  const facts = [...files].map(({ name, size, lastModified }) =>
    factsOf({ name, sizeBytes: size, modifiedAtMs: lastModified }),
  )
  return files.length === dragged.files.length && facts.every((one) => known.has(one))
}

function factsOf({ name, sizeBytes, modifiedAtMs }: DraggedFile): string {
  return `${sizeBytes} ${modifiedAtMs} ${name}`
}

/** Types of files that may have links in them. Of a folder, and of some files, the type is not known before they are dropped. */
const linkTypes =
  /^(?:text\/|application\/(?:x-bittorrent|json|xhtml\+xml|x-desktop|(?:x-|vnd\.apple\.)mpegurl)|audio\/(?:x-)?mpegurl)/

/** What is dragged, as far as it is told before it is dropped. */
function droppingOf({ items }: DataTransfer): Dropping {
  const types = [...items].filter(({ kind }) => kind === 'file').map(({ type }) => type)
  const links = types.filter((type) => linkTypes.test(type)).length
  return { links, files: types.length - links, unknown: types.filter((type) => type === '').length }
}

/** Handles drops on the window: links and files anywhere, and items on folders. */
export function useDrops() {
  const store = useAppStore()
  useEffect(() => {
    let inside = 0
    const hover = createHover(store)

    function onDragOver(event: DragEvent) {
      const data = event.dataTransfer
      if (data === null) return
      const { dragged, dialog, place } = store.getState()
      const key = keyAt(event.target)
      event.preventDefault()
      if (isOurs(data, dragged)) {
        const mayDrop = acceptsItems(key, dragged)
        // The system may not let files be moved that it drags.
        const isCopied = isCopying(event) && /copy|all|uninit/i.test(data.effectAllowed)
        const effect = isCopied ? 'copy' : /move|all/i.test(data.effectAllowed) ? 'move' : 'link'
        data.dropEffect = mayDrop ? effect : 'none'
        hover(mayDrop ? key : null)
        return
      }
      store.getState().setDropping(droppingOf(data))
      const mayDrop = place !== null && (dialog === null || dialog.kind === 'add-links')
      data.dropEffect = mayDrop ? 'copy' : 'none'
      hover(mayDrop ? (key !== null && folderOfKey(key) !== null ? key : 'window') : null)
    }

    async function onDrop(event: DragEvent) {
      event.preventDefault()
      inside = 0
      const { dragged, dialog, setDragged } = store.getState()
      const key = keyAt(event.target)
      hover(null)
      const folder = key === null ? null : folderOfKey(key)
      const data = event.dataTransfer
      if (data === null) return
      if (isOurs(data, dragged)) {
        await dropItems(store, key, isCopying(event))
        return
      }
      setDragged(null)
      if (dialog !== null && dialog.kind !== 'add-links') return
      const target = folder ?? shownTarget(store)
      const input = readDrop(data)
      if (dialog !== null || target === null) await openLinks(store, input, say('drop.nothing'), folder ?? undefined)
      else await takeIn(store, input, say('drop.nothing'), target)
    }

    const onEnter = () => {
      inside++
    }
    const onLeave = () => {
      inside--
      if (inside <= 0) hover(null)
    }
    const drop = (event: DragEvent) => void onDrop(event)
    window.addEventListener('dragenter', onEnter)
    window.addEventListener('dragleave', onLeave)
    window.addEventListener('dragover', onDragOver)
    window.addEventListener('drop', drop)
    return () => {
      hover(null)
      window.removeEventListener('dragenter', onEnter)
      window.removeEventListener('dragleave', onLeave)
      window.removeEventListener('dragover', onDragOver)
      window.removeEventListener('drop', drop)
    }
  }, [store])
}
