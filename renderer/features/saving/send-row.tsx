import { CircleAlert, CloudUpload, FolderSearch, FolderUp } from 'lucide-react'
import { memo } from 'react'
import type { Send } from '../../../shared/send.ts'
import { folderName, folderPath } from '../../store/selectors.ts'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { type Move, sendWords } from './move.ts'
import { adviceOf, MoveRow, type RowPlace } from './move-row.tsx'
import type { RowActs } from './use-row-keys.ts'

interface Props extends RowPlace {
  send: Send
  move: Move
  acts: RowActs
}

/** One file or folder that is sent up. */
export const SendRow = memo(function SendRow({ send, ...row }: Props) {
  const { accountId, folderId, isFolder, status, doneFiles, totalFiles, skippedFiles, reason } = send
  const showSend = useApp((state) => state.showSend)
  const folder = useApp((state) => folderName(state, accountId, folderId))
  const path = useApp((state) => folderPath(state, accountId, folderId) ?? folderName(state, accountId, folderId))
  const account = useApp(({ accounts }) =>
    accounts !== null && accounts.length > 1 ? accounts.find(({ id }) => id === accountId)?.name : undefined,
  )
  const parts = [
    isFolder && totalFiles !== null ? say('saves.files', { done: doneFiles, total: totalFiles }) : null,
    skippedFiles > 0 ? say('sends.skipped', { count: skippedFiles }) : null,
  ].filter((part) => part !== null)
  const files = parts.length === 0 ? null : parts.join(' · ')
  const adviceWith = (where: string) =>
    reason ??
    adviceOf(row.move, files, account === undefined ? where : say('sends.toAccount', { folder: where, account }))
  return (
    <MoveRow
      {...row}
      words={sendWords}
      show={{ icon: FolderSearch, run: showSend }}
      icon={status === 'error' ? CircleAlert : isFolder ? FolderUp : CloudUpload}
      advice={{ full: adviceWith(path), short: adviceWith(folder) }}
      question={null}
      isDraggable={false}
    />
  )
})
