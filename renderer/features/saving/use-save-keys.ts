import { type KeyboardEvent, type MouseEvent, useState } from 'react'
import type { Save, SaveId, SaveMove } from '../../../shared/save.ts'
import { isMac } from '../../parts/keys.ts'
import { runningStatuses } from '../../store/save-acts.ts'
import { nextAfter, type Reach, type Selection, type Shown, select, selectAll } from '../../store/selection.ts'
import { useAppStore } from '../../store/use-app.ts'

const nothing: Selection<SaveId> = { ids: new Set(), anchorId: null, focusId: null }

/** The selection in the list of saves, by mouse and keyboard, and what the keys do with it. */
export function useSaveKeys(list: readonly Save[], pageRows: () => number) {
  const store = useAppStore()
  const [stored, setSelection] = useState(nothing)
  const shown: Shown<SaveId> = {
    count: list.length,
    idAt: (place) => list[place]?.id ?? null,
    placeOf: (saveId) => list.findIndex(({ id }) => id === saveId),
  }
  const selection: Selection<SaveId> = {
    ...stored,
    ids: new Set(list.filter(({ id }) => stored.ids.has(id)).map(({ id }) => id)),
  }

  function move(to: number, reach: Reach) {
    if (list.length > 0) setSelection(select(selection, shown, Math.max(0, Math.min(list.length - 1, to)), reach))
  }

  /** Up and down through the list; with Ctrl, what is selected moves itself. */
  function navigate(event: KeyboardEvent): boolean {
    const isCommand = isMac ? event.metaKey : event.ctrlKey
    const steps: Record<string, [to: number, moved: SaveMove] | undefined> = {
      ArrowDown: [1, 'down'],
      ArrowUp: [-1, 'up'],
      Home: [Number.NEGATIVE_INFINITY, 'first'],
      End: [Number.POSITIVE_INFINITY, 'last'],
      PageDown: [pageRows(), 'last'],
      PageUp: [-pageRows(), 'first'],
    }
    const [by, moved] = steps[event.key] ?? []
    if (by === undefined || moved === undefined || event.altKey) return false
    if (isCommand) {
      if (selection.ids.size > 0) void store.getState().moveSaves([...selection.ids], moved)
      return true
    }
    const from = selection.focusId === null ? -1 : shown.placeOf(selection.focusId)
    move(from === -1 && by < 0 ? 0 : from + by, event.shiftKey ? 'extend' : 'replace')
    return true
  }

  function act(event: KeyboardEvent): boolean {
    const { showSave, openSave } = store.getState()
    const isCommand = isMac ? event.metaKey : event.ctrlKey
    const [first] = chosen()
    if (isCommand && event.key.toLowerCase() === 'a') setSelection(selectAll(selection, shown))
    else if (event.key === 'Escape') setSelection({ ...nothing, focusId: selection.focusId })
    else if (event.key === 'Delete' || (isMac && event.metaKey && event.key === 'Backspace')) remove()
    else if (event.key === ' ') toggle()
    else if (event.key === 'Enter' && first !== undefined)
      void (isCommand || first.status !== 'saved' ? showSave : openSave)(first.id)
    else return false
    return true
  }

  function chosen(): Save[] {
    return list.filter(({ id }) => selection.ids.has(id))
  }

  function remove() {
    const { removeSaves } = store.getState()
    const saveIds = chosen().map(({ id }) => id)
    const focusId = nextAfter(selection, shown)
    setSelection({ ids: new Set(focusId === null ? [] : [focusId]), anchorId: focusId, focusId })
    void removeSaves(saveIds)
  }

  /** Pauses what runs; if nothing does, continues the rest. */
  function toggle() {
    const { pauseSaves, resumeSaves } = store.getState()
    const idsOf = (...statuses: Save['status'][]) =>
      chosen()
        .filter(({ status }) => statuses.includes(status))
        .map(({ id }) => id)
    const running = idsOf(...runningStatuses)
    if (running.length > 0) void pauseSaves(running)
    else void resumeSaves(idsOf('paused', 'error'))
  }

  return {
    selection,
    /** Selects a row, unless it is selected. Returns all that are selected then. */
    choose: (place: number): SaveId[] => {
      const id = shown.idAt(place)
      if (id === null) return []
      if (selection.ids.has(id)) return chosen().map((save) => save.id)
      move(place, 'replace')
      return [id]
    },
    onKeyDown: (event: KeyboardEvent) => {
      if (event.target === event.currentTarget && (navigate(event) || act(event))) event.preventDefault()
    },
    onClick: (event: MouseEvent, place: number) => {
      if (event.target instanceof Element && event.target.closest('button') !== null) return
      const isToggled = isMac ? event.metaKey : event.ctrlKey
      move(place, event.shiftKey ? 'extend' : isToggled ? 'toggle' : 'replace')
    },
  }
}
