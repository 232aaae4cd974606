import { useEffect } from 'react'
import { folderPath } from '../../store/selectors.ts'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './file-list.module.css'

interface Props {
  accountId: string
  folderId: number
}

/** The folder of a search result. Its path is loaded when the row becomes visible. */
export function LocationCell({ accountId, folderId }: Props) {
  const path = useApp((state) => folderPath(state, accountId, folderId))
  const loadPath = useApp((state) => state.loadPath)
  useEffect(() => {
    if (path === null) void loadPath(accountId, folderId)
  }, [path, loadPath, accountId, folderId])
  return (
    <div role="gridcell" className={styles.location} title={path ?? undefined}>
      <bdi>{path ?? say('time.unknown')}</bdi>
    </div>
  )
}
