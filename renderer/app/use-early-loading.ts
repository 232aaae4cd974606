import { useEffect } from 'react'

/** Fetches what is likely to be asked for next, at the first sign of a person: not before, so that the window starts small. */
export function useEarlyLoading() {
  useEffect(() => {
    const once = new AbortController()
    function load() {
      once.abort()
      const wanted = [
        import('./dialogs.tsx'),
        import('./menus.tsx'),
        import('../features/links/add-links.tsx'),
        import('../features/browser/item-menu.tsx'),
      ]
      // What could not be loaded now is loaded, or complained of, when it is asked for.
      void Promise.allSettled(wanted)
    }
    for (const sign of ['pointermove', 'keydown', 'dragenter']) {
      window.addEventListener(sign, load, { signal: once.signal })
    }
    return () => once.abort()
  }, [])
}
