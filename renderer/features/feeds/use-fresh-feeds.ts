import { useEffect } from 'react'
import type { Feed } from '../../../shared/feed.ts'
import { useAppStore } from '../../store/use-app.ts'

/** How often the feeds are fetched while they are shown: while one is about to be read, and otherwise. */
const soonMs = 2000
const laterMs = 20_000

/** Keeps the shown feeds up to date: a service does not announce what becomes of them. */
export function useFreshFeeds(accountId: string, rows: readonly Feed[] | null): void {
  const store = useAppStore()
  const isReading = rows?.some(({ checkedAtMs, isPaused }) => checkedAtMs === null && !isPaused) ?? false
  useEffect(() => {
    const load = () => {
      const { feeds, loadFeeds } = store.getState()
      // A slow service is given the time that it takes.
      if (!document.hidden && feeds?.isLoading !== true) void loadFeeds(accountId)
    }
    const timer = setInterval(load, isReading ? soonMs : laterMs)
    return () => clearInterval(timer)
  }, [store, accountId, isReading])
}
