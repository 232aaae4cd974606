import { ChevronDown, ChevronUp } from 'lucide-react'
import { memo } from 'react'
import { classNames } from '../../parts/class-names.ts'
import { Icon } from '../../parts/icon.tsx'
import type { SortBy } from '../../store/order.ts'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './file-list.module.css'

const columns = ['name', 'kind', 'size', 'added'] as const satisfies readonly SortBy[]

/** People look for what is largest and newest. */
const startsDescending: Record<SortBy, boolean> = { name: false, kind: false, size: true, added: true }

/** The column headers. A click sorts by a column, another click reverses the order. */
export const ListHeader = memo(function ListHeader({ hasLocation }: { hasLocation: boolean }) {
  const sortBy = useApp((state) => state.settings?.sortBy ?? 'name')
  const isDescending = useApp((state) => state.settings?.isSortDescending ?? false)
  const changeSettings = useApp((state) => state.changeSettings)

  function header(column: SortBy) {
    const isSorted = column === sortBy
    return (
      <div
        key={column}
        role="columnheader"
        aria-sort={isSorted ? (isDescending ? 'descending' : 'ascending') : 'none'}
        className={styles[column]}
      >
        <button
          type="button"
          className={styles.sort}
          onClick={() =>
            void changeSettings({
              sortBy: column,
              isSortDescending: isSorted ? !isDescending : startsDescending[column],
            })
          }
        >
          {say(`list.${column}`)}
          {isSorted ? <Icon of={isDescending ? ChevronDown : ChevronUp} size={12} /> : null}
        </button>
      </div>
    )
  }

  return (
    <div role="rowgroup" className={styles.header}>
      <div role="row" aria-rowindex={1} className={classNames(styles.columns, hasLocation && styles.withLocation)}>
        {header('name')}
        {hasLocation ? (
          <div role="columnheader" className={styles.location}>
            {say('list.location')}
          </div>
        ) : null}
        {columns.slice(1).map(header)}
      </div>
    </div>
  )
})
