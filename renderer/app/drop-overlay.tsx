import { CloudDownload, CloudOff, CloudUpload, type LucideIcon } from 'lucide-react'
import { Icon } from '../parts/icon.tsx'
import { folderOfKey } from '../store/keys.ts'
import { capabilitiesOf, folderName } from '../store/selectors.ts'
import type { AppState } from '../store/store.ts'
import type { Dropping } from '../store/ui.ts'
import { useApp } from '../store/use-app.ts'
import { say } from '../words/say.ts'
import styles from './drop-overlay.module.css'

/** Shows what would happen to dropped links and files, and where they would go, while they are dragged over the window. */
export function DropOverlay() {
  const key = useApp((state) => (state.dragged !== null || state.dialog !== null ? null : state.dropAt))
  const folder = useApp((state) => {
    const target = targetOf(state, key)
    return target === null ? null : folderName(state, target.accountId, target.folderId)
  })
  const account = useApp((state) => {
    const accountId = targetOf(state, key)?.accountId
    return accountId === undefined || capabilitiesOf(state, accountId).canUpload
      ? null
      : (state.accounts?.find(({ id }) => id === accountId)?.name ?? '')
  })
  const dropping = useApp((state) => state.dropping)
  if (folder === null) return null
  const { icon, title, body } = wordsOf(dropping, folder, account)
  return (
    <div className={styles.overlay}>
      <div className={styles.card}>
        <Icon of={icon} size={28} className={styles.icon} />
        <p className={styles.title}>{title}</p>
        <p className={styles.body}>{body}</p>
      </div>
    </div>
  )
}

function targetOf({ place }: AppState, key: string | null) {
  if (key === null) return null
  if (key !== 'window') return folderOfKey(key)
  return place === null ? null : { accountId: place.accountId, folderId: place.isTrash ? 0 : place.folderId }
}

/** `account` is the name of one that takes no files; null if it does. */
function wordsOf(
  { links, files, unknown }: Dropping,
  folder: string,
  account: string | null,
): { icon: LucideIcon; title: string; body: string } {
  if (files === 0) return { icon: CloudDownload, title: say('drop.title'), body: say('drop.to', { folder }) }
  if (account !== null)
    return {
      icon: CloudOff,
      title: say('drop.cannot', { name: account }),
      body: say(links > 0 ? 'drop.onlyLinks' : 'drop.instead'),
    }
  const parts = [
    links > 0 ? say('drop.links', { count: links }) : null,
    say(unknown > 0 ? 'drop.filesOrFolders' : 'drop.files', { count: files }),
  ]
  const title = parts.filter((part) => part !== null).join(', ')
  return { icon: CloudUpload, title, body: say('drop.into', { folder }) }
}
