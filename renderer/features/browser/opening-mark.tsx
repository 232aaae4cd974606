import { X } from 'lucide-react'
import { IconButton } from '../../parts/icon-button.tsx'
import { Progress } from '../../parts/progress.tsx'
import { itemKey } from '../../store/keys.ts'
import type { Row } from '../../store/listing.ts'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { visibleName } from '../../words/visible-name.ts'
import styles from './file-list.module.css'

/** The progress of a file that is fetched to be opened. */
export function OpeningMark({ accountId, row }: { accountId: string; row: Row }) {
  const opening = useApp((state) => state.opening.get(itemKey(accountId, row.id)))
  if (opening === undefined) return null
  const name = visibleName(row.name)
  const percent = Math.round(opening.percent)
  return (
    <span className={styles.opening}>
      <Progress label={say('open.progress', { name })} text={`${percent} %`} percent={percent} color="var(--running)" />
      <IconButton
        icon={X}
        label={say('open.stop', { name })}
        onClick={(event) => {
          event.stopPropagation()
          opening.stop()
        }}
      />
    </span>
  )
}
