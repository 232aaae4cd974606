import { lazy, Suspense, useEffect } from 'react'
import { Banners } from '../features/notices/banners.tsx'
import { useApp } from '../store/use-app.ts'
import { Window } from './window.tsx'

const Welcome = lazy(async () => ({ default: (await import('../features/sign-in/welcome.tsx')).Welcome }))
const Dialogs = lazy(async () => ({ default: (await import('./dialogs.tsx')).Dialogs }))
const Menus = lazy(async () => ({ default: (await import('./menus.tsx')).Menus }))
const Toasts = lazy(async () => ({ default: (await import('../features/toasts/toasts.tsx')).Toasts }))

/** The whole page: the welcome screen without accounts, otherwise the window; on top, dialogs, menus and toasts. */
export function App() {
  const theme = useApp((state) => state.settings?.theme)
  const hasAccounts = useApp((state) => state.accounts !== null && state.accounts.length > 0)
  const isKnown = useApp((state) => state.accounts !== null && state.settings !== null)
  const hasDialog = useApp((state) => state.dialog !== null)
  const hasMenu = useApp((state) => state.menu !== null)
  // The window has a row for it, but not while a dialog covers it.
  const isToastFloating = useApp(
    ({ toasts, accounts, dialog }) => toasts.length > 0 && (dialog !== null || accounts?.length === 0),
  )

  useEffect(() => {
    if (theme === undefined || theme === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
  }, [theme])

  if (!isKnown) return null
  return (
    <>
      <Suspense fallback={null}>{hasAccounts ? <Window /> : <Welcome notices={<Banners />} />}</Suspense>
      <Suspense fallback={null}>
        {hasDialog ? <Dialogs /> : null}
        {hasMenu ? <Menus /> : null}
        {isToastFloating ? <Toasts isFloating /> : null}
      </Suspense>
    </>
  )
}
