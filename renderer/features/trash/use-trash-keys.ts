import type { KeyboardEvent } from 'react'
import { isMac } from '../../parts/keys.ts'
import { nextAfter, noSelection, type Reach, select, selectAll } from '../../store/selection.ts'
import { selectedRows } from '../../store/selectors.ts'
import { useAppStore } from '../../store/use-app.ts'
import type { ShownTrash } from './use-trash.ts'

/** The keyboard support of the trash, as in the list: arrows, Home, End, Ctrl+A; Enter restores, Delete deletes for good. */
export function useTrashKeys(shown: ShownTrash, pageRows: () => number) {
  const store = useAppStore()

  function move(to: number, reach: Reach) {
    const { selection, setSelection } = store.getState()
    if (shown.count > 0) setSelection(select(selection, shown, Math.max(0, Math.min(shown.count - 1, to)), reach))
  }

  function targetOf(key: string, from: number): number | null {
    if (key === 'ArrowDown') return from + 1
    if (key === 'ArrowUp') return from === -1 ? 0 : from - 1
    if (key === 'Home') return 0
    if (key === 'End') return shown.count - 1
    if (key === 'PageDown') return from + pageRows()
    return key === 'PageUp' ? from - pageRows() : null
  }

  function openMenu(event: KeyboardEvent) {
    const row = event.currentTarget.querySelector('[data-focused="true"]') ?? event.currentTarget
    const box = row.getBoundingClientRect()
    store.getState().openMenu({ kind: 'trash', x: box.left + 40, y: Math.min(box.bottom, window.innerHeight - 40) })
  }

  function act(event: KeyboardEvent): boolean {
    const { place, selection, setSelection, open, restoreTrashed } = store.getState()
    const rows = selectedRows(store.getState())
    const isCommand = isMac ? event.metaKey : event.ctrlKey
    if (place === null) return false
    const { accountId } = place
    if (isCommand && event.key.toLowerCase() === 'a') setSelection(selectAll(selection, shown))
    else if (event.key === 'Escape') setSelection({ ...noSelection, focusId: selection.focusId })
    else if (event.key === 'ContextMenu' || (event.shiftKey && event.key === 'F10')) openMenu(event)
    else if (event.key === 'Delete' || (isMac && event.metaKey && event.key === 'Backspace')) {
      if (rows.length > 0) open({ kind: 'delete-trashed', accountId, rows, isAll: false })
    } else if (event.key === 'Enter' && !event.altKey) {
      if (rows.length === 0) return true
      const focusId = nextAfter(selection, shown)
      setSelection({ ids: new Set(), anchorId: focusId, focusId })
      void restoreTrashed(accountId, rows)
    } else return false
    return true
  }

  return (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return
    const { focusId } = store.getState().selection
    const isCommand = event.ctrlKey || event.metaKey
    const to = event.altKey ? null : targetOf(event.key, focusId === null ? -1 : shown.placeOf(focusId))
    if (to !== null) move(to, event.shiftKey ? 'extend' : isCommand ? 'focus' : 'replace')
    else if (!act(event)) return
    event.preventDefault()
  }
}
