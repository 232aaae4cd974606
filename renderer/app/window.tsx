import { FileList } from '../features/browser/file-list.tsx'
import { Toolbar } from '../features/browser/toolbar.tsx'
import { Banners } from '../features/notices/banners.tsx'
import { StatusBar } from '../features/notices/status-bar.tsx'
import { Sidebar } from '../features/sidebar/sidebar.tsx'
import { Announcer } from './announcer.tsx'
import { Dock } from './dock.tsx'
import { DropOverlay } from './drop-overlay.tsx'
import { useDrops } from './use-drops.ts'
import { useEarlyLoading } from './use-early-loading.ts'
import { useShortcuts } from './use-shortcuts.ts'
import styles from './window.module.css'

/** The main window: toolbar, sidebar, file list, transfers and status bar. */
export function Window() {
  useDrops()
  useShortcuts()
  useEarlyLoading()
  return (
    <div className={styles.window}>
      <Toolbar />
      <Banners />
      <div className={styles.middle}>
        <Sidebar />
        <main className={styles.main}>
          <FileList />
          <Dock />
        </main>
      </div>
      <StatusBar />
      <DropOverlay />
      <Announcer />
    </div>
  )
}
