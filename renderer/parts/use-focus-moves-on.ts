import { type RefObject, useEffect, useRef } from 'react'

/** What gets the focus when nothing is left in the list. */
const tab = '[data-pane="transfers"] [role="tab"][aria-selected="true"]'

/**
 * Moves the focus on when the focused element in a list disappears: to a button near it, among those with `data-focus-place`. Spread the
 * result on the list. Its rows have `aria-posinset`; a button that is in no row counts by its own `data-focus-place`.
 */
export function useFocusMovesOn(list: RefObject<HTMLElement | null>) {
  const last = useRef<{ element: Element; place: number } | null>(null)
  useEffect(() => {
    if (last.current === null || last.current.element.isConnected || document.activeElement !== document.body) return
    const { place } = last.current
    last.current = null
    const buttons = [...(list.current?.querySelectorAll<HTMLElement>('[data-focus-place]') ?? [])]
    const next = buttons.find((button) => placeOf(button) >= place) ?? buttons.at(-1) ?? focusable(list.current)
    next?.focus({ preventScroll: true })
  })
  return {
    onFocus: ({ target }: { target: EventTarget }) => {
      if (!(target instanceof Element)) return
      const row = target.closest('[aria-posinset]')
      last.current = {
        element: target,
        place: row === null ? placeOf(target) : Number(row.getAttribute('aria-posinset')),
      }
    },
    // Without a related target, the focused element was removed, or the window lost the focus.
    onBlur: ({ relatedTarget }: { relatedTarget: EventTarget | null }) => {
      if (relatedTarget !== null) last.current = null
    },
  }
}

function placeOf(element: Element): number {
  return Number(element.getAttribute('data-focus-place') ?? 0)
}

/** The list itself, if it can have the focus; otherwise the tab above it. */
function focusable(list: HTMLElement | null): HTMLElement | null {
  return list !== null && list.tabIndex >= -1 && list.hasAttribute('tabindex')
    ? list
    : document.querySelector<HTMLElement>(tab)
}
