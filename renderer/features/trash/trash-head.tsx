import { RotateCcw, Trash2 } from 'lucide-react'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { allRows, selectedRows } from '../../store/selectors.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './trash.module.css'

/** What the trash is, and its actions. */
export function TrashHead() {
  const store = useAppStore()
  const days = useApp((state) => state.settings?.trashDays ?? 0)
  const isLocal = useApp(
    ({ accounts, place }) => accounts?.find(({ id }) => id === place?.accountId)?.kind === 'this-computer',
  )
  const isCounted = useApp(({ quotas, place }) => quotas.get(place?.accountId ?? '')?.trash?.isCounted === true)
  const hasSelection = useApp((state) => state.selection.ids.size > 0)
  const hasItems = useApp((state) => (state.trash?.listing?.count ?? 0) > 0)
  const accountId = useApp((state) => state.place?.accountId ?? '')
  const { restoreTrashed, open } = store.getState()
  return (
    <header className={styles.head}>
      <p className={styles.hint}>
        {isLocal && days > 0 ? say('trash.hintDays', { days }) : say(isCounted ? 'trash.hint' : 'trash.hintMay')}
      </p>
      <Button
        aria-disabled={!hasSelection}
        onClick={() => {
          const rows = selectedRows(store.getState())
          if (rows.length > 0) void restoreTrashed(accountId, rows)
        }}
      >
        <Icon of={RotateCcw} />
        {say('action.restore')}
      </Button>
      <Button
        aria-disabled={!hasItems}
        onClick={() => {
          const rows = allRows(store.getState())
          if (rows.length > 0) open({ kind: 'delete-trashed', accountId, rows, isAll: true })
        }}
      >
        <Icon of={Trash2} />
        {say('action.emptyTrash')}
      </Button>
    </header>
  )
}
