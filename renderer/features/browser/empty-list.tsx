import { FolderOpen, SearchX, TriangleAlert } from 'lucide-react'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { RetryButton } from '../../parts/retry-button.tsx'
import { shownCapabilities, shownFolder } from '../../store/selectors.ts'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './file-list.module.css'

/** The placeholder of a list without rows: loading, an error, or what to do. */
export function EmptyList({ hasItems }: { hasItems: boolean }) {
  const problem = useApp((state) => shownFolder(state)?.problem ?? null)
  const isKnown = useApp((state) => shownFolder(state)?.listing != null)
  const query = useApp((state) => state.place?.query ?? null)
  const filter = useApp((state) => state.filter)
  const refresh = useApp((state) => state.refresh)
  const canUpload = useApp((state) => shownCapabilities(state).canUpload)
  const openAddLinks = useApp((state) => state.openAddLinks)

  if (problem !== null) {
    return (
      <div className={styles.empty} role="alert">
        <Icon of={TriangleAlert} size={26} />
        <p>{problem}</p>
        <RetryButton onRetry={refresh} />
      </div>
    )
  }
  if (!isKnown) {
    return <p className={styles.loading}>{say(query === null ? 'list.loading' : 'list.searching')}</p>
  }
  if (hasItems || query !== null) {
    return (
      <div className={styles.empty}>
        <Icon of={SearchX} size={26} />
        <p>{say(query === null || hasItems ? 'list.noMatch' : 'list.noFound', { words: filter.trim() })}</p>
      </div>
    )
  }
  return (
    <div className={styles.empty}>
      <Icon of={FolderOpen} size={26} />
      <p>{say(canUpload ? 'list.emptyUpload' : 'list.empty')}</p>
      <Button onClick={() => openAddLinks({})}>{say('action.addLinks')}</Button>
    </div>
  )
}
