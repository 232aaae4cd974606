import { useVirtualizer } from '@tanstack/react-virtual'
import { Trash2, TriangleAlert } from 'lucide-react'
import { type MouseEvent, useEffect, useRef } from 'react'
import { Icon } from '../../parts/icon.tsx'
import { Problem } from '../../parts/problem.tsx'
import { RetryButton } from '../../parts/retry-button.tsx'
import { noSelection, select } from '../../store/selection.ts'
import { listProblem } from '../../store/selectors.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './trash.module.css'
import { TrashHead } from './trash-head.tsx'
import { TrashRow } from './trash-row.tsx'
import { useTrash } from './use-trash.ts'
import { useTrashKeys } from './use-trash-keys.ts'

const rowHeight = 32
const columns = ['list.name', 'trash.folder', 'list.size', 'trash.deleted'] as const

/** The trash of an account, newest first, in a virtualized grid. */
export function TrashList() {
  const store = useAppStore()
  const shown = useTrash()
  const selection = useApp((state) => state.selection)
  const scroller = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer({
    count: shown.count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 6,
  })
  const focusPlace = selection.focusId === null ? -1 : shown.placeOf(selection.focusId)
  const onKeyDown = useTrashKeys(shown, () =>
    Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1),
  )
  useEffect(() => scroller.current?.focus(), [])
  useEffect(() => {
    if (focusPlace !== -1) virtualizer.scrollToIndex(focusPlace, { align: 'auto' })
  }, [focusPlace, virtualizer])

  /** Selects the row under the pointer. A right click keeps a selection that it is in. */
  function onMouseDown(event: MouseEvent) {
    if (event.button > 2) return
    const { selection, setSelection } = store.getState()
    const element = event.target instanceof Element ? event.target.closest('[data-place]') : null
    const at = element === null ? -1 : Number(element.getAttribute('data-place'))
    const id = shown.idAt(at)
    if (id === null) return setSelection(noSelection)
    if (event.button === 2 && selection.ids.has(id)) return
    const reach = event.shiftKey ? 'extend' : event.ctrlKey || event.metaKey ? 'toggle' : 'replace'
    setSelection(select(selection, shown, at, event.button === 2 ? 'replace' : reach))
  }

  return (
    <section className={styles.pane} aria-label={say('place.trash')}>
      <TrashHead />
      {shown.count === 0 ? null : <TrashProblem />}
      <div
        id="items"
        role="grid"
        data-pane="items"
        tabIndex={0}
        ref={scroller}
        className={styles.scroller}
        aria-label={say('trash.label')}
        aria-multiselectable="true"
        aria-rowcount={shown.count + 1}
        aria-colcount={columns.length}
        aria-activedescendant={focusPlace === -1 ? undefined : `item-${selection.focusId}`}
        onKeyDown={onKeyDown}
        onMouseDown={onMouseDown}
        onContextMenu={(event) => {
          event.preventDefault()
          store.getState().openMenu({ kind: 'trash', x: event.clientX, y: event.clientY })
        }}
      >
        <div role="rowgroup" className={styles.header}>
          <div role="row" aria-rowindex={1} className={styles.columns}>
            {columns.map((column) => (
              <div key={column} role="columnheader" className={styles[column.replace('.', '-')]}>
                {say(column)}
              </div>
            ))}
          </div>
        </div>
        <div className={styles.rows} style={{ height: `${virtualizer.getTotalSize()}px` }} role="rowgroup">
          {virtualizer.getVirtualItems().map(({ index: at, start }) => {
            const row = shown.rowAt(at)
            return row === null ? null : (
              <TrashRow
                key={row.id}
                row={row}
                folder={shown.folderAt(at)}
                at={at}
                top={start}
                isSelected={selection.ids.has(row.id)}
                isFocused={row.id === selection.focusId}
              />
            )
          })}
        </div>
        {shown.count === 0 ? <NoRows /> : null}
      </div>
    </section>
  )
}

/** Says above the trash why it is not up to date. */
function TrashProblem() {
  const problem = useApp((state) => listProblem(state, state.trash?.problem ?? null))
  const isLoading = useApp((state) => state.trash?.isLoading ?? false)
  const refresh = useApp((state) => state.refresh)
  if (isLoading) return null
  return <Problem sentence={problem} className={styles.problem} onRetry={refresh} />
}

/** The placeholder of a trash without rows: loading, an error, or that it is empty. */
function NoRows() {
  const trash = useApp((state) => state.trash)
  const filter = useApp((state) => state.filter)
  const refresh = useApp((state) => state.refresh)
  const problem = trash?.problem ?? null
  if (problem !== null) {
    return (
      <div className={styles.empty} role="alert">
        <Icon of={TriangleAlert} size={26} />
        <p>{problem}</p>
        <RetryButton onRetry={refresh} />
      </div>
    )
  }
  if (!trash?.listing) return <p className={styles.loading}>{say('list.loading')}</p>
  const hasItems = trash.listing.count > 0
  return (
    <div className={styles.empty}>
      <Icon of={Trash2} size={26} />
      <p>{hasItems ? say('trash.noMatch', { words: filter.trim() }) : say('trash.empty')}</p>
    </div>
  )
}
