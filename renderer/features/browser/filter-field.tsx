import { Search, X } from 'lucide-react'
import type { KeyboardEvent } from 'react'
import { Icon } from '../../parts/icon.tsx'
import { IconButton } from '../../parts/icon-button.tsx'
import { keysOf } from '../../parts/keys.ts'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './toolbar.module.css'

/** Filters the list while typing; Enter searches the whole space. */
export function FilterField() {
  const filter = useApp((state) => state.filter)
  const query = useApp((state) => state.place?.query ?? null)
  const setFilter = useApp((state) => state.setFilter)
  const searchEverywhere = useApp((state) => state.searchEverywhere)
  const goUp = useApp((state) => state.goUp)

  function clear() {
    setFilter('')
    if (query !== null) goUp()
    document.querySelector<HTMLElement>('#items')?.focus()
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === 'Escape') clear()
    if (event.key === 'Enter') searchEverywhere(filter)
    if (event.key === 'ArrowDown') document.querySelector<HTMLElement>('#items')?.focus()
  }

  return (
    <search className={styles.filter}>
      <Icon of={Search} className={styles.glass} />
      <input
        id="filter"
        className={styles.field}
        aria-label={say('toolbar.filter')}
        title={keysOf('Ctrl', 'F')}
        placeholder={say('toolbar.filter')}
        spellCheck={false}
        value={filter}
        onChange={(event) => setFilter(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {filter === '' ? null : (
        <IconButton icon={X} label={say('toolbar.clearFilter')} className={styles.clear} onClick={clear} />
      )}
    </search>
  )
}
