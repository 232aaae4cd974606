import { lazy, Suspense } from 'react'
import { FileList } from '../features/browser/file-list.tsx'
import { SearchHint } from '../features/browser/search-hint.tsx'
import { Toolbar } from '../features/browser/toolbar.tsx'
import { Banners } from '../features/notices/banners.tsx'
import { StatusBar } from '../features/notices/status-bar.tsx'
import { Sidebar } from '../features/sidebar/sidebar.tsx'
import { useApp } from '../store/use-app.ts'
import { Announcer } from './announcer.tsx'
import { Dock } from './dock.tsx'
import { DropOverlay } from './drop-overlay.tsx'
import { useDrops } from './use-drops.ts'
import { useEarlyLoading } from './use-early-loading.ts'
import { useShortcuts } from './use-shortcuts.ts'
import styles from './window.module.css'

const Toasts = lazy(async () => ({ default: (await import('../features/toasts/toasts.tsx')).Toasts }))
const FeedList = lazy(async () => ({ default: (await import('../features/feeds/feed-list.tsx')).FeedList }))
const TrashList = lazy(async () => ({ default: (await import('../features/trash/trash-list.tsx')).TrashList }))

/** The main window: toolbar, sidebar, file list, transfers and status bar. */
export function Window() {
  useDrops()
  useShortcuts()
  useEarlyLoading()
  const Other = useApp(({ place }) => (place?.isTrash ? TrashList : place?.isFeeds ? FeedList : null))
  const hasToast = useApp(({ toasts, dialog }) => toasts.length > 0 && dialog === null)
  return (
    <div className={styles.window}>
      <Toolbar />
      <Banners />
      <div className={styles.middle}>
        <Sidebar />
        <main className={styles.main}>
          {Other === null ? (
            <FileList />
          ) : (
            <Suspense fallback={<div className={styles.list} />}>
              <Other />
            </Suspense>
          )}
          <Suspense fallback={null}>{hasToast ? <Toasts /> : null}</Suspense>
          <SearchHint />
          <Dock />
        </main>
      </div>
      <StatusBar />
      <DropOverlay />
      <Announcer />
    </div>
  )
}
