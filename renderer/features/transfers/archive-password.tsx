import { Eye, EyeOff } from 'lucide-react'
import { type FormEvent, useId, useRef, useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { IconButton } from '../../parts/icon-button.tsx'
import { sentenceOf } from '../../store/sentence.ts'
import type { RetryHow } from '../../store/transfers.ts'
import { useApp, useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { visibleName } from '../../words/visible-name.ts'
import styles from './archive-password.module.css'

interface Props {
  accountId: string
  transferId: number
}

/** Asks for the password of an archive. It is sent to the service and not stored. */
export function ArchivePassword({ accountId, transferId }: Props) {
  const { close, tryTransferAgain } = useAppStore().getState()
  const transfer = useApp((state) => state.transfers.get(accountId)?.get(transferId) ?? null)
  const [name] = useState(transfer?.name ?? '')
  const [password, setPassword] = useState('')
  const [isShown, setShown] = useState(false)
  const [isSending, setSending] = useState(false)
  const [refused, setRefused] = useState<string | null>(null)
  const field = useRef<HTMLInputElement>(null)
  const id = useId()
  const isWaiting = transfer?.failure === 'needs-password' || transfer?.failure === 'wrong-password'
  const problem = refused ?? (isWaiting || isSending ? null : say('password.gone'))

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

  function submit(event: FormEvent) {
    event.preventDefault()
    if (password !== '') return void send({ password, isUnpacked: true })
    setRefused(say('password.empty'))
    field.current?.focus()
  }

  return (
    <Dialog title={say('password.title', { name: visibleName(name) })} initialFocus={field} onClose={close}>
      <form className={styles.form} onSubmit={submit} noValidate>
        <label htmlFor={`${id}-password`}>{say('password.label')}</label>
        <div className={styles.secret}>
          <input
            ref={field}
            id={`${id}-password`}
            className={styles.input}
            type={isShown ? 'text' : 'password'}
            maxLength={1024}
            spellCheck={false}
            autoComplete="off"
            aria-invalid={problem !== null}
            aria-describedby={`${id}-hint${problem === null ? '' : ` ${id}-problem`}`}
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
          <IconButton
            icon={isShown ? EyeOff : Eye}
            label={say(isShown ? 'password.hide' : 'password.show')}
            className={styles.eye}
            onClick={() => setShown(!isShown)}
          />
        </div>
        <p id={`${id}-hint`} className={styles.hint}>
          {transfer?.failure === 'wrong-password' ? `${say('password.wrong')} ` : null}
          {say('password.hint')}
        </p>
        {problem === null ? null : (
          <p id={`${id}-problem`} role="alert" className={styles.problem}>
            {problem}
          </p>
        )}
        <footer className={styles.foot}>
          <Button aria-disabled={isSending} onClick={() => void send({ password: null, isUnpacked: false })}>
            {say('password.keep')}
          </Button>
          <span className={styles.gap} />
          <Button onClick={close}>{say('action.cancel')}</Button>
          <Button look="primary" type="submit" aria-disabled={isSending}>
            {say('password.unpack')}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
