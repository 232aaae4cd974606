import { useEffect } from 'react'

/** Preloads likely chunks on the first user activity, and not before, so that startup stays fast. */
export function useEarlyLoading() {
  useEffect(() => {
    const once = new AbortController()
    function load() {
      once.abort()
      const chunks = [
        import('./dialogs.tsx'),
        import('./menus.tsx'),
        import('../features/links/add-links.tsx'),
        import('../features/browser/item-menu.tsx'),
        import('../features/saving/save-rows.tsx'),
        import('../features/saving/send-rows.tsx'),
      ]
      // A chunk that fails to load is loaded again, or reported, when it is needed.
      void Promise.allSettled(chunks)
    }
    for (const event of ['pointermove', 'keydown', 'dragenter']) {
      window.addEventListener(event, load, { signal: once.signal })
    }
    return () => once.abort()
  }, [])
}
