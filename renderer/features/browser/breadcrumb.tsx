import { ChevronRight } from 'lucide-react'
import { classNames } from '../../parts/class-names.ts'
import { Icon } from '../../parts/icon.tsx'
import { Name } from '../../parts/name.tsx'
import { folderKey } from '../../store/keys.ts'
import { crumbName } from '../../store/selectors.ts'
import type { AppState } from '../../store/store.ts'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './toolbar.module.css'

/** What is shown of the last folder of the path, if not its items. */
function innerOf({ isTrash, isFeeds, query }: NonNullable<AppState['place']>): string | null {
  if (isTrash) return say('place.trash')
  if (isFeeds) return say('place.feeds')
  return query === null ? null : say('place.search', { query })
}

/** The path to the shown folder. Each step is a button that accepts drops. */
export function Breadcrumb() {
  const place = useApp((state) => state.place)
  const path = useApp((state) =>
    state.place === null ? undefined : state.paths.get(folderKey(state.place.accountId, state.place.folderId)),
  )
  const dropAt = useApp((state) => state.dropAt)
  const goTo = useApp((state) => state.goTo)
  if (place === null) return <nav className={styles.crumbs} aria-label={say('toolbar.crumbs')} />
  const inner = innerOf(place)
  const crumbs = path ?? (place.folderId === 0 ? [{ id: 0, name: '' }] : [])

  return (
    <nav className={styles.crumbs} aria-label={say('toolbar.crumbs')}>
      <ol>
        {crumbs.map((crumb, depth) => {
          const key = folderKey(place.accountId, crumb.id)
          const isLast = depth === crumbs.length - 1 && inner === null
          return (
            <li key={crumb.id}>
              {depth > 0 ? <Icon of={ChevronRight} size={14} className={styles.arrow} /> : null}
              <button
                type="button"
                data-drop={key}
                aria-current={isLast ? 'page' : undefined}
                className={classNames(styles.crumb, isLast && styles.last, dropAt === key && styles.target)}
                onClick={() => goTo(place.accountId, crumb.id)}
              >
                <Name>{crumbName(crumb)}</Name>
              </button>
            </li>
          )
        })}
        {inner === null ? null : (
          <li>
            <Icon of={ChevronRight} size={14} className={styles.arrow} />
            <span className={classNames(styles.crumb, styles.last)}>{inner}</span>
          </li>
        )}
      </ol>
    </nav>
  )
}
