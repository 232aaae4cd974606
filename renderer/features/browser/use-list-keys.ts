import { type KeyboardEvent, useEffect, useRef } from 'react'
import { isMac } from '../../parts/keys.ts'
import { nameAt, rowOfId } from '../../store/listing.ts'
import { findTyped, nextAfter, noSelection, type Reach, select, selectAll } from '../../store/selection.ts'
import { selectedRows } from '../../store/selectors.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { lookAtRow } from './look-at-row.ts'
import { openRow } from './open-row.ts'
import { playRows, selectedMedia } from './play-rows.ts'
import type { ShownRows } from './use-shown.ts'

const typingMs = 800

/** The keyboard support of the list, as in other file managers. */
export function useListKeys(shown: ShownRows, { columns, pageRows }: { columns: number; pageRows(): number }) {
  const store = useAppStore()
  const typed = useRef({ letters: '', atMs: 0 })
  const place = useApp((state) => state.place)
  useEffect(() => {
    if (place !== null) typed.current.letters = ''
  }, [place])

  function move(to: number, reach: Reach) {
    const { selection, setSelection } = store.getState()
    if (shown.count > 0) setSelection(select(selection, shown, Math.max(0, Math.min(shown.count - 1, to)), reach))
  }

  function navigate(event: KeyboardEvent, from: number): boolean {
    const isCommand = event.ctrlKey || event.metaKey
    const reach: Reach = event.shiftKey ? 'extend' : isCommand ? 'focus' : 'replace'
    switch (event.key) {
      case 'ArrowDown':
        if (isMac && event.metaKey) return openFocused()
        move(from === -1 ? 0 : from + columns, reach)
        return true
      case 'ArrowRight':
        if (columns === 1 || event.altKey) return false
        move(from + 1, reach)
        return true
      case 'ArrowLeft':
        if (columns === 1 || event.altKey) return false
        move(from - 1, reach)
        return true
      case 'ArrowUp':
        if (event.altKey || (isMac && event.metaKey)) return false
        move(from >= columns ? from - columns : columns === 1 ? 0 : Math.max(0, from), reach)
        return true
      case 'Home':
        move(0, reach)
        return true
      case 'End':
        move(shown.count - 1, reach)
        return true
      case 'PageDown':
        move(from + pageRows() * columns, reach)
        return true
      case 'PageUp':
        move(from - pageRows() * columns, reach)
        return true
      default:
        return false
    }
  }

  function focusedRow() {
    const { focusId, ids } = store.getState().selection
    const id = focusId !== null && (ids.size === 0 || ids.has(focusId)) ? focusId : ([...ids][0] ?? null)
    return id === null || shown.listing === null ? null : rowOfId(shown.listing, id)
  }

  function openFocused(): boolean {
    const media = selectedMedia(store, shown)
    const row = focusedRow()
    if (media.length > 1) playRows(store, media)
    else if (row !== null) openRow(store, row)
    return true
  }

  function action(event: KeyboardEvent): boolean {
    const state = store.getState()
    const isCommand = isMac ? event.metaKey : event.ctrlKey
    const key = event.key.toLowerCase()
    if (isCommand && key === 'a') state.setSelection(selectAll(state.selection, shown))
    else if (isCommand && key === 'x') cutSelected()
    else if (isCommand && key === 's') saveSelected(event.shiftKey)
    else if (isCommand && event.key === ' ') move(shown.placeOf(state.selection.focusId ?? -1), 'toggle')
    else if (event.key === 'Escape') {
      if (state.clipboard?.copied === null) state.cutItems(null)
      else state.setSelection({ ...noSelection, focusId: state.selection.focusId })
    } else if (event.key === 'F2' || (isMac && event.key === 'Enter' && !isCommand)) rename()
    else if (event.key === 'Enter' && !event.altKey) return openFocused()
    else if (event.key === 'Delete' || (isMac && event.metaKey && event.key === 'Backspace'))
      deleteSelected(isMac ? event.altKey : event.shiftKey)
    else if (event.key === 'ContextMenu' || (event.shiftKey && event.key === 'F10')) openMenu(event)
    else return false
    return true
  }

  function cutSelected() {
    const { place, cutItems } = store.getState()
    const items = selectedRows(store.getState()).map(({ id, parentId }) => ({ id, parentId }))
    if (place !== null && items.length > 0) cutItems({ accountId: place.accountId, items })
  }

  function saveSelected(isAsked: boolean) {
    const { place, saveItems } = store.getState()
    const ids = selectedRows(store.getState()).map(({ id }) => id)
    if (place !== null && ids.length > 0) void saveItems(place.accountId, ids, isAsked ? 'ask' : 'last')
  }

  function rename() {
    const row = focusedRow()
    if (row !== null) store.getState().setRenaming({ id: row.id, problem: null })
  }

  function deleteSelected(isForGood: boolean) {
    const { place, open, selection, deleteItems, setSelection } = store.getState()
    const rows = selectedRows(store.getState())
    if (place === null || rows.length === 0) return
    const { accountId } = place
    if (isForGood) return open({ kind: 'delete-for-good', accountId, rows })
    const focusId = nextAfter(selection, shown)
    setSelection({ ids: new Set(), anchorId: focusId, focusId })
    void deleteItems(accountId, rows)
  }

  function openMenu(event: KeyboardEvent) {
    const row = event.currentTarget.querySelector('[data-focused="true"]') ?? event.currentTarget
    const box = row.getBoundingClientRect()
    store.getState().openMenu({ kind: 'items', x: box.left + 40, y: Math.min(box.bottom, window.innerHeight - 40) })
  }

  function typeAhead(event: KeyboardEvent, from: number): boolean {
    if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return false
    const now = event.timeStamp
    const isContinued = now - typed.current.atMs < typingMs && typed.current.letters !== ''
    if (!isContinued && event.key === ' ') {
      lookAtRow(store, shown)
      return true
    }
    if (!isContinued && event.key === '/') return false
    typed.current = { letters: (isContinued ? typed.current.letters : '') + event.key, atMs: now }
    const { listing, indexAt } = shown
    const nameOf = (place: number) => (listing === null ? '' : nameAt(listing.names, indexAt(place)))
    const at = findTyped(nameOf, shown.count, typed.current.letters, from)
    if (at !== -1) move(at, 'replace')
    return true
  }

  return (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return
    const { focusId } = store.getState().selection
    const from = focusId === null ? -1 : shown.placeOf(focusId)
    const isAction = action(event) || navigate(event, from)
    // What is typed next is another name.
    if (isAction) typed.current.letters = ''
    if (isAction || typeAhead(event, from)) event.preventDefault()
  }
}
