import { Confirm } from '../../parts/confirm.tsx'
import type { Row } from '../../store/listing.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { formatSize } from '../../words/format.ts'
import { say } from '../../words/say.ts'
import { visibleName } from '../../words/visible-name.ts'

interface Props {
  accountId: string
  rows: readonly Row[]
  /** True for everything that is in the trash. */
  isAll: boolean
}

/** Asks before items in the trash are deleted for good, with names and size. Only what was in the trash then is deleted. */
export function DeleteTrashed({ accountId, rows, isAll }: Props) {
  const { close, deleteTrashed } = useAppStore().getState()
  const isCounted = useApp(({ quotas }) => quotas.get(accountId)?.trash?.isCounted === true)
  const count = rows.length
  const bytes = rows.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const folders = rows.filter(({ kind }) => kind === 'folder').length
  const body = (freed: number) => say('delete.body', { bytes: freed, size: formatSize(freed), folders })
  return (
    <Confirm
      title={
        isAll
          ? say('trash.emptyTitle', { count })
          : say('delete.title', { count, name: visibleName(rows[0]?.name ?? '') })
      }
      names={count === 1 && !isAll ? [] : rows.map(({ name }) => name)}
      body={isCounted || bytes === 0 ? body(bytes) : `${say('trash.mayFree', { size: formatSize(bytes) })} ${body(0)}`}
      action={isAll ? say('trash.emptyDo') : say('delete.do', { count })}
      keep={say('delete.keep', { count })}
      onAction={() => void deleteTrashed(accountId, rows)}
      onClose={close}
    />
  )
}
