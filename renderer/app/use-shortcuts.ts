import { useEffect } from 'react'
import { isMac } from '../parts/keys.ts'
import { namesIn } from '../store/item-actions.ts'
import { isFolderPlace } from '../store/navigation.ts'
import { chooseFiles } from '../store/open-links.ts'
import { selectedRows } from '../store/selectors.ts'
import type { AppState } from '../store/store.ts'
import { shownTarget, takeIn } from '../store/take-in.ts'
import { useAppStore } from '../store/use-app.ts'
import { say } from '../words/say.ts'

function isTextField(target: EventTarget | null): boolean {
  if (target instanceof HTMLTextAreaElement) return true
  if (target instanceof HTMLInputElement) return target.type !== 'checkbox' && target.type !== 'radio'
  return target instanceof HTMLElement && target.isContentEditable
}

function keyOf(names: readonly string[]): string {
  return names.toSorted().join('/')
}

/** True if the items of the window's own clipboard are pasted: they were cut, or nothing else was copied since. */
function isOurs(clipboard: AppState['clipboard'], text: string, files: readonly File[]): boolean {
  if (clipboard === null) return false
  const { copied } = clipboard
  if (copied === null) return true
  if (files.length > 0) return keyOf(files.map(({ name }) => name)) === keyOf(copied.fileNames)
  return text !== '' && text === copied.text
}

function focusOn(selector: string) {
  const found = document.querySelector<HTMLElement>(selector)
  found?.focus()
  if (found instanceof HTMLInputElement) found.select()
}

/** Moves the focus between panes: toolbar, folders, list, transfers. */
function goToPane(step: 1 | -1) {
  const panes = [...document.querySelectorAll<HTMLElement>('[data-pane]')]
  const at = panes.findIndex((pane) => pane.contains(document.activeElement))
  for (let tried = 1; tried <= panes.length; tried++) {
    const pane = panes[(at + step * tried + panes.length * 2) % panes.length]
    const first = pane?.matches('[tabindex="0"]')
      ? pane
      : pane?.querySelector<HTMLElement>('[tabindex="0"]:not([role="separator"]), button:enabled, input:enabled')
    if (first) {
      first.focus()
      return
    }
  }
}

/** Handles the keyboard shortcuts of the whole window. The list and the tree handle their own. */
export function useShortcuts() {
  const store = useAppStore()
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      const state = store.getState()
      if (state.dialog !== null || state.menu !== null || event.defaultPrevented) return
      const isInText = isTextField(event.target)
      const isCommand = isMac ? event.metaKey : event.ctrlKey
      const action = isCommand ? commandFor(event, isInText) : plainFor(event, isInText)
      if (action === null) return
      event.preventDefault()
      action()
    }

    function commandFor(event: KeyboardEvent, isInText: boolean): (() => void) | null {
      const state = store.getState()
      switch (event.key.toLowerCase()) {
        case '1':
          return () => void state.changeSettings({ view: 'list' })
        case '2':
          return () => void state.changeSettings({ view: 'grid' })
        case 'l':
          return () => state.setPathTyped(true)
        case 'f':
          return () => focusOn('#filter')
        case 'u':
          return event.shiftKey ? () => upload() : () => state.openAddLinks({})
        case 'o':
          return () => chooseFiles(store)
        case 'r':
          return () => state.refresh()
        case ',':
          return () => state.open({ kind: 'settings' })
        case '?':
        case '/':
          return () => state.open({ kind: 'shortcuts' })
        case '[':
          return () => state.goBack()
        case ']':
          return () => state.goForward()
        case 'z':
          if (isInText) return null
          return event.shiftKey ? () => void state.redo() : () => void state.undo()
        case 'y':
          return isInText || isMac ? null : () => void state.redo()
        case 'n':
          return event.shiftKey && state.place !== null && state.place.query === null && isFolderPlace(state.place)
            ? () => newFolder()
            : null
        case 'arrowup':
          return isMac && !isInText ? () => state.goUp() : null
        default:
          return null
      }
    }

    function upload() {
      const target = shownTarget(store)
      if (target === null) return
      const { chooseToSend } = store.getState()
      void chooseToSend(target.accountId, target.folderId, 'files')
    }

    function newFolder() {
      const { place, createFolder } = store.getState()
      if (place !== null) void createFolder(place.accountId, place.folderId)
    }

    function plainFor(event: KeyboardEvent, isInText: boolean): (() => void) | null {
      const state = store.getState()
      if (event.key === 'F6') return () => goToPane(event.shiftKey ? -1 : 1)
      if (event.key === 'F5') return () => state.refresh()
      if (event.key === 'F3') return () => focusOn('#filter')
      if (event.altKey && event.key === 'ArrowLeft') return () => state.goBack()
      if (event.altKey && event.key === 'ArrowRight') return () => state.goForward()
      if (event.altKey && event.key === 'ArrowUp') return () => state.goUp()
      if (isInText || event.altKey) return null
      if (event.key === '/') return () => focusOn('#filter')
      if (event.key === 'Backspace') return () => state.goUp()
      return null
    }

    function onMouseUp(event: MouseEvent) {
      if (event.button === 3) store.getState().goBack()
      if (event.button === 4) store.getState().goForward()
    }

    async function onPaste(event: ClipboardEvent) {
      const state = store.getState()
      if (isTextField(event.target) || state.dialog !== null || state.place === null) return
      event.preventDefault()
      const text = event.clipboardData?.getData('text/plain') ?? ''
      const files = [...(event.clipboardData?.files ?? [])]
      if (isOurs(state.clipboard, text, files)) {
        if (isFolderPlace(state.place)) await state.pasteInto(state.place.accountId, state.place.folderId)
        return
      }
      const html = event.clipboardData?.getData('text/html') ?? ''
      const input = { text, html: html === '' ? null : html, files }
      const target = shownTarget(store)
      if (target !== null) await takeIn(store, input, say('paste.nothing'), target)
    }

    /** Copies the names of the selected items at once, so that nothing older is pasted, and their files once they are here. */
    function onCopy(event: ClipboardEvent) {
      const state = store.getState()
      const isText = isTextField(event.target) || getSelection()?.isCollapsed === false
      const rows = isText || state.dialog !== null ? [] : selectedRows(state)
      if (rows.length === 0 || event.clipboardData === null) return
      event.preventDefault()
      event.clipboardData.setData('text/plain', namesIn(rows))
      if (state.place !== null) state.copyRows(state.place.accountId, rows)
    }

    const paste = (event: ClipboardEvent) => void onPaste(event)
    window.addEventListener('copy', onCopy)
    window.addEventListener('keydown', onKeyDown)
    window.addEventListener('mouseup', onMouseUp)
    window.addEventListener('paste', paste)
    return () => {
      window.removeEventListener('keydown', onKeyDown)
      window.removeEventListener('mouseup', onMouseUp)
      window.removeEventListener('paste', paste)
      window.removeEventListener('copy', onCopy)
    }
  }, [store])
}
