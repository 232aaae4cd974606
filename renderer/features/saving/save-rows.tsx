import { useVirtualizer } from '@tanstack/react-virtual'
import { type MouseEvent, useEffect, useMemo, useRef, useState } from 'react'
import type { SaveId } from '../../../shared/save.ts'
import styles from '../../parts/dock.module.css'
import { useFocusMovesOn } from '../../parts/use-focus-moves-on.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { dragRows } from './drag-rows.ts'
import { SaveRow } from './save-row.tsx'
import { useSaveKeys } from './use-save-keys.ts'

const rowHeight = 40

/** The virtualized rows of what is saved here. What is not saved yet is dragged to another place; what is, out of the window. */
export function SaveRows() {
  const store = useAppStore()
  const saves = useApp((state) => state.saves)
  const list = useMemo(() => [...saves.values()], [saves])
  const scroller = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer({
    count: list.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => list[index]?.id ?? index,
    overscan: 4,
  })
  const { selection, onKeyDown, onClick, choose } = useSaveKeys(list, () =>
    Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1),
  )
  const focused = selection.focusId === null ? -1 : list.findIndex(({ id }) => id === selection.focusId)
  const dragSaves = useApp((state) => state.dragSaves)
  const focusMovesOn = useFocusMovesOn(scroller)
  const isEmpty = list.length === 0
  // A group of rows, with keys that select and move them.
  useEffect(() => {
    const element = scroller.current
    if (isEmpty || element === null) return
    element.tabIndex = 0
    if (selection.focusId === null) element.removeAttribute('aria-activedescendant')
    else element.setAttribute('aria-activedescendant', rowId(selection.focusId))
  }, [isEmpty, selection.focusId])

  const [moving, setMoving] = useState<{ ids: ReadonlySet<SaveId>; place: number | null } | null>(null)

  /** A row that is not selected is dragged alone. */
  function dragged(id: SaveId, isSaved: boolean): SaveId[] {
    const ids = selection.ids.has(id) ? selection.ids : new Set([id])
    return list.filter((save) => ids.has(save.id) && (save.status === 'saved') === isSaved).map((save) => save.id)
  }

  function onMouseDown(event: MouseEvent) {
    const save = list[placeUnder(event) ?? -1]
    const element = scroller.current
    const isOnButton = event.target instanceof Element && event.target.closest('button') !== null
    const isPlain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey)
    if (save === undefined || save.status === 'saved' || element === null || isOnButton || !isPlain) return
    const ids = new Set(dragged(save.id, false))
    dragRows(store, event, {
      scroller: element,
      rowHeight,
      saveIds: ids,
      onPlace: (place) => setMoving({ ids, place }),
      onEnd: () => setMoving(null),
    })
  }

  useEffect(() => {
    if (focused >= 0) virtualizer.scrollToIndex(focused)
  }, [focused, virtualizer])
  const wanted = useApp((state) => state.wantedSave)
  const wantedAt = wanted === null ? -1 : list.findIndex(({ id }) => id === wanted)
  useEffect(() => {
    if (wantedAt === -1) return
    virtualizer.scrollToIndex(wantedAt)
    store.getState().foundWantedSave()
  }, [wantedAt, virtualizer, store])

  /** Of the row under the pointer, or with the keyboard of the focused one. */
  function openMenu(event: MouseEvent) {
    event.preventDefault()
    const place = placeUnder(event) ?? focused
    const save = list[place]
    if (save === undefined) return
    const { left, top } = document.querySelector(`#${CSS.escape(rowId(save.id))}`)?.getBoundingClientRect() ?? {}
    const isOnRow = placeUnder(event) !== null
    const at = {
      x: isOnRow ? event.clientX : (left ?? 0) + 40,
      y: isOnRow ? event.clientY : (top ?? 0) + rowHeight / 2,
    }
    store.getState().openMenu({ kind: 'saves', ...at, saveIds: choose(place) })
  }

  if (isEmpty) return <p className={styles.empty}>{say('saves.empty')}</p>
  return (
    <div
      className={styles.scroller}
      ref={scroller}
      role="group"
      aria-label={say('saves.title')}
      {...focusMovesOn}
      onKeyDown={onKeyDown}
      onDoubleClick={(event) => {
        const save = list[placeUnder(event) ?? -1]
        const isOnButton = event.target instanceof Element && event.target.closest('button') !== null
        if (save?.status === 'saved' && !isOnButton) void store.getState().openSave(save.id)
      }}
      onContextMenu={openMenu}
      onClick={(event) => {
        const place = placeUnder(event)
        if (place !== null) onClick(event, place)
      }}
      onMouseDown={onMouseDown}
      onDragStart={(event) => {
        // The system drags the files, not the page.
        event.preventDefault()
        const save = list[placeUnder(event) ?? -1]
        if (save !== undefined) void dragSaves(dragged(save.id, true))
      }}
    >
      <ul className={styles.rows} style={{ height: `${virtualizer.getTotalSize()}px` }}>
        {virtualizer.getVirtualItems().map(({ index, start, key }) => {
          const save = list[index]
          return save === undefined ? null : (
            <SaveRow
              key={key}
              id={rowId(save.id)}
              save={save}
              top={start}
              place={index + 1}
              count={list.length}
              isSelected={selection.ids.has(save.id)}
              isFocused={index === focused}
              isMoving={moving?.ids.has(save.id) ?? false}
            />
          )
        })}
        {moving === null || moving.place === null ? null : (
          <li
            aria-hidden
            data-insertion
            className={styles.insertion}
            style={{ transform: `translateY(${Math.max(1, Math.min(moving.place, list.length) * rowHeight) - 1}px)` }}
          />
        )}
      </ul>
    </div>
  )
}

function placeUnder(event: MouseEvent): number | null {
  const row = event.target instanceof Element ? event.target.closest('[data-place]') : null
  return row === null ? null : Number(row.getAttribute('data-place'))
}

function rowId(saveId: string): string {
  return `save-${saveId}`
}
