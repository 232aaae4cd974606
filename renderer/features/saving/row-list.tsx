import { useVirtualizer } from '@tanstack/react-virtual'
import { type DragEvent, type MouseEvent, type ReactNode, useEffect, useRef } from 'react'
import styles from '../../parts/dock.module.css'
import { useFocusMovesOn } from '../../parts/use-focus-moves-on.ts'
import type { Move } from './move.ts'
import type { RowPlace } from './move-row.tsx'
import { type RowActs, useRowKeys } from './use-row-keys.ts'

export const rowHeight = 40

interface Props {
  label: string
  /** Shown if there is nothing in the list. */
  empty: string
  moves: readonly Move[]
  acts: RowActs
  row(place: RowPlace, index: number): ReactNode
  /** The row that the list scrolls to; null if none is wanted. */
  wanted: string | null
  onFound(): void
  onDoubleClick(move: Move): void
  openMenu(at: { x: number; y: number }, ids: readonly string[]): void
  /** What dragging does; null if nothing can be dragged. */
  drag: RowDrags | null
}

/** Dragging in a list. `ids` are those that are dragged together: the selected ones, or the one under the pointer. */
interface RowDrags {
  /** Those that are dragged now, and the number of rows above the place where they would go. */
  moving: { ids: ReadonlySet<string>; place: number | null } | null
  onPress(event: MouseEvent, scroller: HTMLElement, ids: ReadonlySet<string>, move: Move): void
  onDragOut(ids: ReadonlySet<string>): void
}

/** The virtualized rows of what is saved here, or sent up, with a selection and keys. */
export function RowList({ label, empty, moves, acts, row, wanted, onFound, onDoubleClick, openMenu, drag }: Props) {
  const scroller = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer({
    count: moves.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => moves[index]?.id ?? index,
    overscan: 4,
  })
  const pageRows = () => Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1)
  const { selection, onKeyDown, onClick, choose } = useRowKeys(moves, pageRows, acts)
  const focused = selection.focusId === null ? -1 : moves.findIndex(({ id }) => id === selection.focusId)
  const focusMovesOn = useFocusMovesOn(scroller)
  const isEmpty = moves.length === 0
  // A group of rows, with keys that select and move them.
  useEffect(() => {
    const element = scroller.current
    if (isEmpty || element === null) return
    element.tabIndex = 0
    if (selection.focusId === null) element.removeAttribute('aria-activedescendant')
    else element.setAttribute('aria-activedescendant', rowId(selection.focusId))
  }, [isEmpty, selection.focusId])
  useEffect(() => {
    if (focused >= 0) virtualizer.scrollToIndex(focused)
  }, [focused, virtualizer])
  const wantedAt = wanted === null ? -1 : moves.findIndex(({ id }) => id === wanted)
  useEffect(() => {
    if (wantedAt === -1) return
    virtualizer.scrollToIndex(wantedAt)
    onFound()
  }, [wantedAt, virtualizer, onFound])

  const moveUnder = (event: MouseEvent) => moves[placeUnder(event) ?? -1]
  /** A row that is not selected is dragged alone. */
  const dragged = (id: string) => (selection.ids.has(id) ? selection.ids : new Set([id]))

  function press(event: MouseEvent) {
    const move = moveUnder(event)
    const element = scroller.current
    const isPlain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey)
    if (move === undefined || element === null || isOnButton(event) || !isPlain) return
    drag?.onPress(event, element, dragged(move.id), move)
  }

  function startDrag(event: DragEvent) {
    // The system drags the files, not the page.
    event.preventDefault()
    const move = moveUnder(event)
    if (move !== undefined) drag?.onDragOut(dragged(move.id))
  }

  /** Of the row under the pointer, or with the keyboard of the focused one. */
  function showMenu(event: MouseEvent) {
    event.preventDefault()
    const place = placeUnder(event) ?? focused
    const move = moves[place]
    if (move === undefined) return
    const { left, top } = document.querySelector(`#${CSS.escape(rowId(move.id))}`)?.getBoundingClientRect() ?? {}
    const isOnRow = placeUnder(event) !== null
    const at = {
      x: isOnRow ? event.clientX : (left ?? 0) + 40,
      y: isOnRow ? event.clientY : (top ?? 0) + rowHeight / 2,
    }
    openMenu(at, choose(place))
  }

  if (isEmpty) return <p className={styles.empty}>{empty}</p>
  const moving = drag?.moving ?? null
  return (
    <div
      className={styles.scroller}
      ref={scroller}
      role="group"
      aria-label={label}
      {...focusMovesOn}
      onKeyDown={onKeyDown}
      onDoubleClick={(event) => {
        const move = moveUnder(event)
        if (move !== undefined && !isOnButton(event)) onDoubleClick(move)
      }}
      onContextMenu={showMenu}
      onClick={(event) => {
        const place = placeUnder(event)
        if (place !== null) onClick(event, place)
      }}
      onMouseDown={press}
      onDragStart={startDrag}
    >
      <ul className={styles.rows} style={{ height: `${virtualizer.getTotalSize()}px` }}>
        {virtualizer.getVirtualItems().map(({ index, start }) => {
          const id = moves[index]?.id
          if (id === undefined) return null
          const place = { id: rowId(id), top: start, place: index + 1, count: moves.length }
          const state = {
            isSelected: selection.ids.has(id),
            isFocused: index === focused,
            isMoving: moving?.ids.has(id) ?? false,
          }
          return row({ ...place, ...state }, index)
        })}
        {moving === null || moving.place === null ? null : (
          <li
            aria-hidden
            data-insertion
            className={styles.insertion}
            style={{ transform: `translateY(${Math.max(1, Math.min(moving.place, moves.length) * rowHeight) - 1}px)` }}
          />
        )}
      </ul>
    </div>
  )
}

function isOnButton(event: MouseEvent): boolean {
  return event.target instanceof Element && event.target.closest('button') !== null
}

function placeUnder(event: MouseEvent): number | null {
  const row = event.target instanceof Element ? event.target.closest('[data-place]') : null
  return row === null ? null : Number(row.getAttribute('data-place'))
}

function rowId(id: string): string {
  return `move-${id}`
}
