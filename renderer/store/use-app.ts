import { createContext, useContext } from 'react'
import { useStore } from 'zustand'
import type { AppState, AppStore } from './store.ts'

const StoreContext = createContext<AppStore | null>(null)

export const StoreProvider = StoreContext.Provider

/** The window's store itself, for handlers that read the state of the moment. */
export function useAppStore(): AppStore {
  const store = useContext(StoreContext)
  if (store === null) throw new Error('A component was drawn outside the window’s store.')
  return store
}

/** A piece of the window's state; the component draws again when it changes. */
export function useApp<T>(selector: (state: AppState) => T): T {
  return useStore(useAppStore(), selector)
}
