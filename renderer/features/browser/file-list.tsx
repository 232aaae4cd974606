import {
  type DragEvent,
  type MouseEvent,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import { showLine, useLines } from '../../parts/use-lines.ts'
import { ownedInOrder, useRecycled } from '../../parts/use-recycled.ts'
import { folderKey } from '../../store/keys.ts'
import { type Row, rowAt } from '../../store/listing.ts'
import { noSelection, select } from '../../store/selection.ts'
import { folderName } from '../../store/selectors.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { dragItems } from './drag-items.ts'
import { EmptyList } from './empty-list.tsx'
import { FileCell } from './file-cell.tsx'
import styles from './file-list.module.css'
import { FileRow } from './file-row.tsx'
import { ListHeader } from './list-header.tsx'
import { ListProblem } from './list-problem.tsx'
import { openRow } from './open-row.ts'
import { useListKeys } from './use-list-keys.ts'
import { useShown } from './use-shown.ts'

const rowHeight = 32
const cell = { width: 168, height: 164 }
/** The grid's space at its sides. */
const gridMargin = 12

/** The items of a folder or a search, in a virtualized grid. */
export function FileList() {
  const store = useAppStore()
  const shown = useShown()
  const place = useApp((state) => state.place)
  const selection = useApp((state) => state.selection)
  const renaming = useApp((state) => state.renaming)
  const cut = useApp(({ clipboard }) => (clipboard?.copied === null ? clipboard : null))
  const dropAt = useApp((state) => state.dropAt)
  const playbacks = useApp((state) => state.playbacks.get(state.place?.accountId ?? ''))
  const title = useApp((state) =>
    state.place === null ? '' : folderName(state, state.place.accountId, state.place.folderId),
  )
  const scroller = useRef<HTMLDivElement>(null)
  const body = useRef<HTMLDivElement>(null)
  const isGrid = useApp((state) => state.settings?.view === 'grid')
  const columns = useColumns(scroller, isGrid)
  const lineHeight = isGrid ? cell.height : rowHeight
  const lineCount = Math.ceil(shown.count / columns)
  const { first, end } = useLines(scroller, {
    count: lineCount,
    lineHeight,
    ...(isGrid ? { ahead: 1, behind: 1 } : { ahead: 6, behind: 2 }),
  })
  const lines = Array.from({ length: end - first }, (_, index) => first + index)
  const slots = useRecycled(
    shown,
    lines.map((at) => ({ at, id: isGrid ? at : (shown.idAt(at) ?? -1) })),
  )
  const cutIds = useMemo(() => new Set(cut?.items.map(({ id }) => id)), [cut])
  const { focusId } = selection
  const focusPlace = useMemo(() => (focusId === null ? -1 : shown.placeOf(focusId)), [shown, focusId])

  // A new folder starts at the top; a reload of the same one keeps the scroll position.
  const placeKey = place === null ? '' : `${folderKey(place.accountId, place.folderId)}?${place.query ?? ''}`
  const hasListing = shown.listing !== null
  useLayoutEffect(() => {
    if (placeKey !== '') scroller.current?.scrollTo(0, 0)
  }, [placeKey])
  useLayoutEffect(() => {
    if (focusPlace !== -1 && body.current !== null) showLine(body.current, Math.floor(focusPlace / columns), lineHeight)
  }, [focusPlace, columns, lineHeight])
  // One that is returned to is scrolled as it was left, even if the focus was out of sight.
  useLayoutEffect(() => {
    const { startTop } = store.getState()
    if (placeKey !== '' && hasListing && startTop > 0) scroller.current?.scrollTo(0, startTop)
  }, [store, placeKey, hasListing])

  const onKeyDown = useListKeys(shown, {
    columns,
    pageRows: () => Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / lineHeight) - 1),
  })

  function itemAt(key: number, at: number, top: number) {
    const row = shown.listing === null ? null : rowAt(shown.listing, shown.indexAt(at))
    if (row === null || place === null) return null
    const Item = isGrid ? FileCell : FileRow
    return (
      <Item
        key={key}
        row={row}
        at={at}
        top={top}
        accountId={place.accountId}
        hasLocation={place.query !== null}
        isSelected={selection.ids.has(row.id)}
        isFocused={row.id === selection.focusId}
        isCut={cutIds.has(row.id)}
        isDropTarget={dropAt === folderKey(place.accountId, row.id)}
        isRenaming={renaming?.id === row.id}
        isWatched={playbacks?.get(row.id)?.isWatched ?? false}
        percentPlayed={Math.round((playbacks?.get(row.id)?.progress ?? 0) * 100)}
      />
    )
  }

  function rowUnder(event: MouseEvent | DragEvent): { at: number; row: Row } | null {
    const element = event.target instanceof Element ? event.target.closest('[data-place]') : null
    const at = Number(element?.getAttribute('data-place') ?? Number.NaN)
    const row = shown.listing === null || Number.isNaN(at) ? null : rowAt(shown.listing, shown.indexAt(at))
    return row === null ? null : { at, row }
  }

  function reach(event: MouseEvent, at: number) {
    const { selection, setSelection } = store.getState()
    const kind = event.shiftKey ? 'extend' : event.ctrlKey || event.metaKey ? 'toggle' : 'replace'
    setSelection(select(selection, shown, at, kind))
  }

  function onMouseDown(event: MouseEvent) {
    // Sorting keeps the selection.
    const isHeader = event.target instanceof Element && event.target.closest('[role="columnheader"]') !== null
    if (event.target instanceof HTMLInputElement || event.button > 2 || isHeader) return
    const hit = rowUnder(event)
    const { selection, setSelection } = store.getState()
    if (hit === null) setSelection(noSelection)
    else if (event.button === 2 ? !selection.ids.has(hit.row.id) : !selection.ids.has(hit.row.id) || event.shiftKey) {
      if (event.button === 2) setSelection(select(selection, shown, hit.at, 'replace'))
      else reach(event, hit.at)
    } else if (event.ctrlKey || event.metaKey) reach(event, hit.at)
  }

  function onClick(event: MouseEvent) {
    if (event.target instanceof HTMLInputElement || event.shiftKey || event.ctrlKey || event.metaKey) return
    const hit = rowUnder(event)
    if (hit !== null) reach(event, hit.at)
  }

  return (
    <section className={styles.pane} aria-label={title}>
      {shown.count === 0 ? null : <ListProblem />}
      <div
        id="items"
        role="grid"
        data-pane="items"
        tabIndex={0}
        ref={scroller}
        className={styles.scroller}
        onScroll={(event) => store.getState().noteScroll(event.currentTarget.scrollTop)}
        aria-label={say('list.label', { folder: title })}
        aria-multiselectable="true"
        aria-rowcount={isGrid ? Math.ceil(shown.count / columns) : shown.count + 1}
        aria-colcount={isGrid ? columns : place?.query == null ? 4 : 5}
        aria-activedescendant={focusPlace === -1 ? undefined : `item-${selection.focusId}`}
        onKeyDown={onKeyDown}
        onMouseDown={onMouseDown}
        onClick={onClick}
        onDoubleClick={(event) => {
          const hit = rowUnder(event)
          if (hit !== null && !(event.target instanceof HTMLInputElement)) openRow(store, hit.row)
        }}
        onContextMenu={(event) => {
          if (event.target instanceof HTMLInputElement) return
          event.preventDefault()
          store.getState().openMenu({ kind: 'items', x: event.clientX, y: event.clientY })
        }}
        onDragStart={(event) => {
          // The page moves items itself; once they leave the window, the system drags their files.
          event.preventDefault()
          const hit = rowUnder(event)
          if (hit !== null) dragItems(store, event, hit.row)
        }}
      >
        {isGrid ? null : <ListHeader hasLocation={place?.query != null} />}
        <div
          ref={body}
          className={styles.rows}
          style={{ height: lineCount * lineHeight }}
          role="rowgroup"
          aria-owns={ownedInOrder(slots, ({ at, id }) => (isGrid ? `line-${at}` : `item-${id}`))}
        >
          {slots.map(({ key, at }) =>
            isGrid ? (
              <div
                key={key}
                id={`line-${at}`}
                role="row"
                aria-rowindex={at + 1}
                className={styles.line}
                style={{ height: cell.height, top: at * cell.height, '--columns': columns }}
              >
                {Array.from({ length: columns }, (_, column) => itemAt(column, at * columns + column, 0))}
              </div>
            ) : (
              itemAt(key, at, at * rowHeight)
            ),
          )}
        </div>
        {shown.count === 0 ? <EmptyList hasItems={(shown.listing?.count ?? 0) > 0} /> : null}
      </div>
    </section>
  )
}

declare module 'react' {
  interface CSSProperties {
    '--columns'?: number
  }
}

/** How many cells fit beside each other; one in a list. */
function useColumns(scroller: RefObject<HTMLElement | null>, isGrid: boolean): number {
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const element = scroller.current
    if (element === null || !isGrid) return
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [scroller, isGrid])
  return isGrid ? Math.max(1, Math.floor((width - 2 * gridMargin) / cell.width)) : 1
}
