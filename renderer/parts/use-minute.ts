import { useSyncExternalStore } from 'react'

const minuteMs = 60_000
const listeners = new Set<() => void>()
let ticking: ReturnType<typeof setInterval> | undefined

/** Calls back once a minute, everyone at the same moment. Returns what ends that. */
export function everyMinute(listener: () => void): () => void {
  listeners.add(listener)
  ticking ??= setInterval(() => {
    for (const one of listeners) one()
  }, minuteMs)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(ticking)
    ticking = undefined
  }
}

/** The current time, for what says how long ago something was: it is rendered anew every minute, also where nothing else changes. */
export function useMinute(): number {
  useSyncExternalStore(everyMinute, () => Math.floor(Date.now() / minuteMs))
  return Date.now()
}
