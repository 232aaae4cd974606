import type { MouseEvent as PointerPlace } from 'react'
import type { DraggedFile } from '../../../shared/dragged-file.ts'
import { followMouse, ignoreClick } from '../../parts/follow-mouse.ts'
import type { DraggedItems } from '../../store/item-actions.ts'
import type { Row } from '../../store/listing.ts'
import { noSelection } from '../../store/selection.ts'
import { selectedRows } from '../../store/selectors.ts'
import { isCancelled, sentenceOf } from '../../store/sentence.ts'
import type { AppStore } from '../../store/store.ts'
import { trashKey } from '../../store/tree.ts'
import { say } from '../../words/say.ts'
import { visibleName } from '../../words/visible-name.ts'
import { acceptsItems, createHover, dropItems, isCopying, keyAt } from './drop-target.ts'
import styles from './file-list.module.css'

/** How near to an edge of a list the pointer scrolls it. */
const edge = 28
const scrollBy = 12
const scrollEveryMs = 30
/** A drop in the window is told a moment after the system has ended the drag. */
const settleMs = 500

/**
 * Drags the selected items. Within the window, the page does it, so that it works the same for items that are not on this disk. Where
 * the pointer leaves the window, the system drags the real files of those that are; saving the others is offered.
 */
export function dragItems(store: AppStore, start: PointerPlace, row: Row) {
  const { place, selection, setSelection, setDragged } = store.getState()
  if (place === null) return
  if (!selection.ids.has(row.id))
    setSelection({ ...noSelection, ids: new Set([row.id]), anchorId: row.id, focusId: row.id })
  const { accountId } = place
  const rows = selectedRows(store.getState())
  const items = rows.map(({ id, parentId }) => ({ id, parentId }))
  setDragged({ accountId, items, files: null })
  const badge = document.createElement('div')
  badge.className = styles.badge ?? ''
  badge.textContent = items.length === 1 ? visibleName(row.name) : say('drag.items', { count: items.length })
  document.body.append(badge)
  const hover = createHover(store)
  const ended = new AbortController()
  let handing: AbortController | null = null
  let at = { x: start.clientX, y: start.clientY }

  function end() {
    ended.abort()
    clearInterval(scrolling)
    hover(null)
    badge.remove()
    document.body.style.cursor = ''
  }

  function cancel() {
    handing?.abort()
    end()
    setDragged(null)
  }

  function move(event: MouseEvent) {
    const { clientX, clientY, buttons } = event
    // The button was released where the page does not see it.
    if (buttons === 0) return cancel()
    at = { x: clientX, y: clientY }
    const isOutside = isOutsideWindow(at)
    badge.hidden = isOutside
    badge.style.transform = `translate(${clientX}px, ${clientY}px)`
    const key = isOutside ? null : keyAt(document.elementFromPoint(clientX, clientY))
    const isTarget = acceptsItems(key, store.getState().dragged)
    hover(isTarget ? key : null)
    const isCopied = isTarget && isCopying(event) && key !== trashKey(accountId)
    document.body.style.cursor = isCopied ? 'copy' : isTarget || isOutside ? 'grabbing' : 'no-drop'
    if (!isOutside) {
      handing?.abort()
      handing = null
    } else if (handing === null) {
      handing = new AbortController()
      void handOut(handing)
    }
  }

  function drop(event: MouseEvent) {
    const isOutside = isOutsideWindow({ x: event.clientX, y: event.clientY })
    const key = keyAt(document.elementFromPoint(event.clientX, event.clientY))
    handing?.abort()
    end()
    ignoreClick()
    if (!isOutside) return void dropItems(store, key, isCopying(event))
    setDragged(null)
    void store.getState().shelve(accountId, rows)
  }

  /** The system drags from here on, if there is something that it can drag. */
  async function handOut({ signal }: AbortController) {
    const { dragOut, offerRest, showError } = store.getState()
    let handed: DraggedItems | null = null
    const isStillDragged = () => handed !== null && store.getState().dragged === handed
    const onBegin = (files: readonly DraggedFile[]) => {
      end()
      handed = { accountId, items, files }
      setDragged(handed)
    }
    try {
      const rest = new Set(await dragOut(accountId, idsOf(items), { signal, onBegin }))
      if (!isStillDragged()) return
      // While the system drags, it keeps the pointer to itself.
      await pointerIsFree()
      await new Promise((resolve) => setTimeout(resolve, settleMs))
      // Dropped in this window, they were moved.
      if (!isStillDragged()) return
      setDragged(null)
      // Whether the others were dropped or the drag was cancelled is not known.
      if (rest.size > 0)
        offerRest(
          accountId,
          rows.filter(({ id }) => rest.has(id)),
        )
    } catch (error) {
      if (isStillDragged()) setDragged(null)
      if (!isCancelled(error) && !signal.aborted) showError(sentenceOf(error))
    }
  }

  const scrolling = setInterval(() => scrollAt(at), scrollEveryMs)
  followMouse(ended.signal, {
    move,
    drop,
    giveUp: () => {
      cancel()
      return true
    },
  })
}

function idsOf(items: readonly { id: number }[]): number[] {
  return items.map(({ id }) => id)
}

/** Resolves when the pointer moves over the page with no button down. */
function pointerIsFree(): Promise<void> {
  const moved = new AbortController()
  return new Promise((resolve) => {
    const onMove = ({ buttons }: MouseEvent) => {
      if (buttons !== 0) return
      moved.abort()
      resolve()
    }
    window.addEventListener('mousemove', onMove, { signal: moved.signal, capture: true })
  })
}

function isOutsideWindow({ x, y }: { x: number; y: number }): boolean {
  return x < 0 || y < 0 || x >= window.innerWidth || y >= window.innerHeight
}

/** Scrolls the list under the pointer, if that is near to its upper or lower edge. */
function scrollAt({ x, y }: { x: number; y: number }) {
  let element = document.elementFromPoint(x, y)
  while (element !== null && (element.scrollHeight <= element.clientHeight || !isScroller(element)))
    element = element.parentElement
  if (element === null) return
  const { top, bottom } = element.getBoundingClientRect()
  if (y < top + edge) element.scrollBy(0, -scrollBy)
  else if (y > bottom - edge) element.scrollBy(0, scrollBy)
}

function isScroller(element: Element): boolean {
  return /auto|scroll/.test(getComputedStyle(element).overflowY)
}
