import { Search } from 'lucide-react'
import { Icon } from '../../parts/icon.tsx'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './file-list.module.css'

/** Offers to search the whole space while the list is filtered. */
export function SearchHint() {
  const filter = useApp((state) => state.filter.trim())
  const isSearched = useApp((state) => state.place?.query === state.filter.trim())
  const searchEverywhere = useApp((state) => state.searchEverywhere)
  if (filter === '' || isSearched) return null
  return (
    <button type="button" className={styles.hint} onClick={() => searchEverywhere(filter)}>
      <Icon of={Search} />
      {say('toolbar.everywhere', { words: filter })}
      <kbd className={styles.key}>↵</kbd>
    </button>
  )
}
