import { History } from 'lucide-react'
import { Button } from '../../parts/button.tsx'
import { Icon } from '../../parts/icon.tsx'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './add-links.module.css'

/** Offers the links of a dialog that was closed before they were added. */
export function DraftHint() {
  const hasDraft = useApp((state) => state.draft !== null)
  const { openDraft, discardDraft } = useAppStore().getState()
  if (!hasDraft) return null
  return (
    <div className={styles.draft}>
      <Icon of={History} size={14} />
      <p>{say('links.draft')}</p>
      <Button look="pill" onClick={openDraft}>
        {say('links.openDraft')}
      </Button>
      <Button look="pill" onClick={discardDraft}>
        {say('links.discardDraft')}
      </Button>
    </div>
  )
}
