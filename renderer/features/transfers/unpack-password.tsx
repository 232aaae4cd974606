import type { Row } from '../../store/listing.ts'
import { useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { PasswordDialog } from './password-dialog.tsx'

interface Props {
  accountId: string
  row: Row
  isWrong: boolean
}

/** Asks for the password of an archive in the space. */
export function UnpackPassword({ accountId, row, isWrong }: Props) {
  const { close, unpack } = useAppStore().getState()

  function send(password: string) {
    close()
    void unpack(accountId, row, password)
  }

  return (
    <PasswordDialog
      name={row.name}
      hint={say('unpack.hint')}
      isWrong={isWrong}
      problem={null}
      isSending={false}
      onSubmit={send}
      onClose={close}
    />
  )
}
