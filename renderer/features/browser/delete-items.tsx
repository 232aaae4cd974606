import { Confirm } from '../../parts/confirm.tsx'
import type { Row } from '../../store/listing.ts'
import { useAppStore } from '../../store/use-app.ts'
import { formatSize } from '../../words/format.ts'
import { say } from '../../words/say.ts'
import { visibleName } from '../../words/visible-name.ts'

/** Asks for confirmation, with count and size, because deleting cannot be undone. */
export function DeleteItems({ accountId, rows }: { accountId: string; rows: readonly Row[] }) {
  const { close, deleteItems } = useAppStore().getState()
  const count = rows.length
  const size = formatSize(rows.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
  const folders = rows.filter(({ kind }) => kind === 'folder').length
  return (
    <Confirm
      title={say('delete.title', { count, name: visibleName(rows[0]?.name ?? '') })}
      body={say('delete.body', { size, folders })}
      action={say('delete.do', { count })}
      keep={say('delete.keep', { count })}
      onAction={() => void deleteItems(accountId, rows)}
      onClose={close}
    />
  )
}
