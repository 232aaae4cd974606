import type { MouseEvent as PointerPlace } from 'react'
import type { Save, SaveId } from '../../../shared/save.ts'
import { followMouse, ignoreClick } from '../../parts/follow-mouse.ts'
import type { AppStore } from '../../store/store.ts'

/** A press that moves less than this is a click. */
const startsAfter = 4
/** How near to an edge of the list the pointer scrolls it, and how far. */
const edge = 16
const scrollBy = 8
const scrollEveryMs = 30

interface RowDrag {
  scroller: HTMLElement
  rowHeight: number
  saveIds: ReadonlySet<SaveId>
  /** Called when the place changes to which they would go: the number of rows above it; null where they would not be moved. */
  onPlace(place: number | null): void
  onEnd(): void
}

/**
 * Moves saves in their list with the mouse, until the button is released. The list may change meanwhile: what counts is what is under the
 * pointer in the end. Escape, or a release outside the list, moves nothing.
 */
export function dragRows(
  store: AppStore,
  start: PointerPlace,
  { scroller, rowHeight, saveIds, onPlace, onEnd }: RowDrag,
) {
  const ended = new AbortController()
  let at = { x: start.clientX, y: start.clientY }
  let isMoving = false

  const list = () => [...store.getState().saves.values()]

  function placeAt({ x, y }: typeof at): number | null {
    const { top, bottom, left, right } = scroller.getBoundingClientRect()
    if (x < left || x > right || y < top - edge || y > bottom + edge) return null
    const place = Math.round((Math.min(Math.max(y, top), bottom) - top + scroller.scrollTop) / rowHeight)
    return Math.min(place, list().length)
  }

  function end() {
    ended.abort()
    clearInterval(scrolling)
    document.body.style.cursor = ''
    if (isMoving) onEnd()
  }

  function move({ clientX, clientY, buttons }: MouseEvent) {
    // The button was released where the page does not see it.
    if (buttons === 0) return end()
    at = { x: clientX, y: clientY }
    isMoving ||= Math.hypot(clientX - start.clientX, clientY - start.clientY) >= startsAfter
    if (!isMoving) return
    const place = placeAt(at)
    document.body.style.cursor = place === null ? 'no-drop' : 'grabbing'
    onPlace(place)
  }

  function drop({ clientX, clientY }: MouseEvent) {
    end()
    if (!isMoving) return
    ignoreClick()
    const place = placeAt({ x: clientX, y: clientY })
    if (place !== null) void moveTo(list(), place)
  }

  async function moveTo(saves: readonly Save[], place: number) {
    // One that has been saved meanwhile stays where it is.
    const moved = saves.filter(({ id, status }) => saveIds.has(id) && status !== 'saved').map(({ id }) => id)
    const next = saves.slice(place).find(({ id }) => !moved.includes(id))
    if (moved.length > 0) await store.getState().moveSaves(moved, next === undefined ? 'last' : { before: next.id })
  }

  const scrolling = setInterval(() => {
    if (!isMoving || placeAt(at) === null) return
    const { top, bottom } = scroller.getBoundingClientRect()
    if (at.y < top + edge) scroller.scrollBy(0, -scrollBy)
    else if (at.y > bottom - edge) scroller.scrollBy(0, scrollBy)
    onPlace(placeAt(at))
  }, scrollEveryMs)
  followMouse(ended.signal, {
    move,
    drop,
    giveUp: () => {
      if (isMoving) end()
      return isMoving
    },
  })
}
