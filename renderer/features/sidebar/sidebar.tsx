import { useState } from 'react'
import { Splitter } from '../../parts/splitter.tsx'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { AccountTree } from './account-tree.tsx'
import { QuotaMeters } from './quota-meters.tsx'
import styles from './sidebar.module.css'

/** The sidebar: every account with its folders, and the quotas of the shown account. */
export function Sidebar() {
  const accounts = useApp((state) => state.accounts)
  const savedWidth = useApp((state) => state.settings?.sidebarWidth ?? 228)
  const changeSettings = useApp((state) => state.changeSettings)
  const [dragged, setDragged] = useState<number | null>(null)
  const width = dragged ?? savedWidth

  return (
    <aside className={styles.sidebar} style={{ width: `${width}px` }} aria-label={say('sidebar.label')}>
      <div className={styles.accounts} data-pane="folders">
        {accounts?.map((account, at) => (
          <AccountTree key={account.id} account={account} isFirst={at === 0} />
        ))}
      </div>
      <QuotaMeters />
      <Splitter
        label={say('sidebar.width')}
        direction="vertical"
        value={width}
        min={160}
        max={480}
        onMove={setDragged}
        onDone={(value) => {
          setDragged(value)
          void changeSettings({ sidebarWidth: value }).then(() => setDragged(null))
        }}
      />
    </aside>
  )
}
