import { type KeyboardEvent, type MouseEvent, useState } from 'react'
import type { SaveMove } from '../../../shared/save.ts'
import { isMac } from '../../parts/keys.ts'
import { nextAfter, type Reach, type Selection, type Shown, select, selectAll } from '../../store/selection.ts'
import { isRunning, type Move } from './move.ts'

const nothing: Selection<string> = { ids: new Set(), anchorId: null, focusId: null }

/** What the keys of a list do. */
export interface RowActs {
  /** Opens a row, or with Ctrl shows it in its folder. */
  enter(move: Move, isCommand: boolean): void
  pause(ids: readonly string[]): Promise<void>
  resume(ids: readonly string[]): Promise<void>
  remove(ids: readonly string[]): Promise<void>
  /** Moves rows in the list; null if the list has no order of its own. */
  reorder: ((ids: readonly string[], to: SaveMove) => Promise<void>) | null
}

/** The selection in a list, by mouse and keyboard, and what the keys do with it. */
export function useRowKeys(list: readonly Move[], pageRows: () => number, acts: RowActs) {
  const [stored, setSelection] = useState(nothing)
  const shown: Shown<string> = {
    count: list.length,
    idAt: (place) => list[place]?.id ?? null,
    placeOf: (wanted) => list.findIndex(({ id }) => id === wanted),
  }
  const selection: Selection<string> = {
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
      if (selection.ids.size > 0) void acts.reorder?.([...selection.ids], moved)
      return true
    }
    const from = selection.focusId === null ? -1 : shown.placeOf(selection.focusId)
    move(from === -1 && by < 0 ? 0 : from + by, event.shiftKey ? 'extend' : 'replace')
    return true
  }

  function act(event: KeyboardEvent): boolean {
    const isCommand = isMac ? event.metaKey : event.ctrlKey
    const [first] = chosen()
    if (isCommand && event.key.toLowerCase() === 'a') setSelection(selectAll(selection, shown))
    else if (event.key === 'Escape') setSelection({ ...nothing, focusId: selection.focusId })
    else if (event.key === 'Delete' || (isMac && event.metaKey && event.key === 'Backspace')) remove()
    else if (event.key === ' ') toggle()
    else if (event.key === 'Enter' && first !== undefined) acts.enter(first, isCommand)
    else return false
    return true
  }

  function chosen(): Move[] {
    return list.filter(({ id }) => selection.ids.has(id))
  }

  function remove() {
    const ids = chosen().map(({ id }) => id)
    const focusId = nextAfter(selection, shown)
    setSelection({ ids: new Set(focusId === null ? [] : [focusId]), anchorId: focusId, focusId })
    void acts.remove(ids)
  }

  /** Pauses what runs; if nothing does, continues the rest. */
  function toggle() {
    const running = chosen().filter(isRunning)
    const resting = chosen().filter(({ status }) => status === 'paused' || status === 'error')
    if (running.length > 0) void acts.pause(running.map(({ id }) => id))
    else void acts.resume(resting.map(({ id }) => id))
  }

  return {
    selection,
    /** Selects a row, unless it is selected. Returns all that are selected then. */
    choose: (place: number): string[] => {
      const id = shown.idAt(place)
      if (id === null) return []
      if (selection.ids.has(id)) return chosen().map((move) => move.id)
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
