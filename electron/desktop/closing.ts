import { app, type BrowserWindow, powerMonitor } from 'electron'
import type { Closing } from '../backend/activity/quitting.ts'

export interface ClosingOptions {
  /** Asks what closing the window does, or whether the app quits. */
  closing(): Promise<Closing>
  quitting(): Promise<Closing>
  /** Hides the windows and keeps the app running. */
  hide(): void
  onError(error: unknown): void
}

/**
 * Asks before the app ends: when its window is closed, and when it quits while something runs. Never when the system ends it, because
 * nobody would answer. Returns a function that watches a window.
 */
export function askBeforeEnding({ closing, quitting, hide, onError }: ClosingOptions): (window: BrowserWindow) => void {
  let isQuitting = false
  const quit = () => {
    isQuitting = true
    app.quit()
  }
  const follow = (asked: Promise<Closing>) => {
    asked
      .catch((error: unknown): Closing => {
        // Without an answer, what the person did counts.
        onError(error)
        return 'quit'
      })
      .then((answer) => {
        if (answer === 'quit') quit()
        else if (answer === 'hide') hide()
      })
      .catch(onError)
  }

  app.on('before-quit', (event) => {
    if (isQuitting) return
    event.preventDefault()
    follow(quitting())
  })
  powerMonitor.on('shutdown', quit)
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, quit)

  return (window) => {
    window.on('session-end', quit)
    // On macOS, an app without windows stays in the Dock.
    if (process.platform === 'darwin') return
    window.on('close', (event) => {
      if (isQuitting) return
      event.preventDefault()
      follow(closing())
    })
  }
}
