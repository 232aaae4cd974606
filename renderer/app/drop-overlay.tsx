import { CloudDownload } from 'lucide-react'
import { Icon } from '../parts/icon.tsx'
import { folderOfKey } from '../store/keys.ts'
import { folderName } from '../store/selectors.ts'
import { useApp } from '../store/use-app.ts'
import { say } from '../words/say.ts'
import styles from './drop-overlay.module.css'

/** Shows where dropped links would go, while they are dragged over the window. */
export function DropOverlay() {
  const folder = useApp((state) => {
    if (state.dropAt === null || state.dragged !== null || state.dialog !== null) return null
    const target = state.dropAt === 'window' ? state.place : folderOfKey(state.dropAt)
    return target === null ? null : folderName(state, target.accountId, target.folderId)
  })
  if (folder === null) return null
  return (
    <div className={styles.overlay}>
      <div className={styles.card}>
        <Icon of={CloudDownload} size={28} className={styles.icon} />
        <p className={styles.title}>{say('drop.title')}</p>
        <p className={styles.body}>{say('drop.to', { folder })}</p>
      </div>
    </div>
  )
}
