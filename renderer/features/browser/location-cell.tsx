import { useEffect } from 'react'
import { folderWay } from '../../store/selectors.ts'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './file-list.module.css'

interface Props {
  accountId: string
  folderId: number
}

/** Where a found item lies; asked for when the row comes into sight. */
export function LocationCell({ accountId, folderId }: Props) {
  const way = useApp((state) => folderWay(state, accountId, folderId))
  const loadPath = useApp((state) => state.loadPath)
  useEffect(() => {
    if (way === null) void loadPath(accountId, folderId)
  }, [way, loadPath, accountId, folderId])
  return (
    <div role="gridcell" className={styles.location} title={way ?? undefined}>
      <bdi>{way ?? say('time.unknown')}</bdi>
    </div>
  )
}
