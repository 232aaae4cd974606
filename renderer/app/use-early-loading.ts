import { useEffect } from 'react'

/** Loads what is likely to be needed next at the first sign of activity, and not before, so that the window starts small. */
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
      // What fails to load now is loaded, or reported, when it is needed.
      void Promise.allSettled(wanted)
    }
    for (const sign of ['pointermove', 'keydown', 'dragenter']) {
      window.addEventListener(sign, load, { signal: once.signal })
    }
    return () => once.abort()
  }, [])
}
