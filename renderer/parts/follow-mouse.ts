interface Followers {
  move(event: MouseEvent): void
  /** The button is released. */
  drop(event: MouseEvent): void
  /** Escape is pressed. Returns false to leave the key to others. */
  giveUp(): boolean
}

/** Follows the mouse while something is dragged, before anything else in the page hears of it, until the signal aborts. */
export function followMouse(signal: AbortSignal, { move, drop, giveUp }: Followers): void {
  const options = { signal, capture: true }
  window.addEventListener('mousemove', move, options)
  window.addEventListener('mouseup', drop, options)
  window.addEventListener(
    'keydown',
    (event) => {
      if (event.key !== 'Escape' || !giveUp()) return
      event.preventDefault()
      event.stopPropagation()
    },
    options,
  )
}

/** The click that may follow a drop is not meant for what is under the pointer. */
export function ignoreClick(): void {
  const over = new AbortController()
  window.addEventListener('click', (click) => click.stopPropagation(), { capture: true, signal: over.signal })
  setTimeout(() => over.abort())
}
