import { useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { sentenceOf } from '../../store/sentence.ts'
import type { RetryHow } from '../../store/transfers.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { PasswordDialog } from './password-dialog.tsx'

interface Props {
  accountId: string
  transferId: number
}

/** Asks for the password of an archive of a transfer. It is sent to the service and not stored. */
export function ArchivePassword({ accountId, transferId }: Props) {
  const { close, tryTransferAgain } = useAppStore().getState()
  const transfer = useApp((state) => state.transfers.get(accountId)?.get(transferId) ?? null)
  const [name] = useState(transfer?.name ?? '')
  const [isSending, setSending] = useState(false)
  const [refused, setRefused] = useState<string | null>(null)
  const isWaiting = transfer?.failure === 'needs-password' || transfer?.failure === 'wrong-password'

  async function send(how: RetryHow) {
    if (isSending || !isWaiting) return
    setSending(true)
    setRefused(null)
    try {
      await tryTransferAgain(accountId, transferId, how)
      close()
    } catch (error) {
      setRefused(sentenceOf(error))
      setSending(false)
    }
  }

  return (
    <PasswordDialog
      name={name}
      hint={say('password.hint')}
      isWrong={transfer?.failure === 'wrong-password'}
      problem={refused ?? (isWaiting || isSending ? null : say('password.gone'))}
      isSending={isSending}
      other={
        <Button aria-disabled={isSending} onClick={() => void send({ password: null, isUnpacked: false })}>
          {say('password.keep')}
        </Button>
      }
      onSubmit={(password) => void send({ password, isUnpacked: true })}
      onClose={close}
    />
  )
}
