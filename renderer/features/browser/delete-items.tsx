import { Confirm } from '../../parts/confirm.tsx'
import type { Row } from '../../store/listing.ts'
import { useAppStore } from '../../store/use-app.ts'
import { formatSize } from '../../words/format.ts'
import { say } from '../../words/say.ts'
import { visibleName } from '../../words/visible-name.ts'

/** Asks for confirmation, with names and size, because deleting for good cannot be undone. */
export function DeleteItems({ accountId, rows }: { accountId: string; rows: readonly Row[] }) {
  const { close, deleteForGood } = useAppStore().getState()
  const count = rows.length
  const bytes = rows.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const folders = rows.filter(({ kind }) => kind === 'folder').length
  return (
    <Confirm
      title={say('delete.title', { count, name: visibleName(rows[0]?.name ?? '') })}
      names={count === 1 ? [] : rows.map(({ name }) => name)}
      body={say('delete.body', { bytes, size: formatSize(bytes), folders })}
      action={say('delete.do', { count })}
      keep={say('delete.keep', { count })}
      onAction={() => void deleteForGood(accountId, rows)}
      onClose={close}
    />
  )
}
