import { Eye, EyeOff } from 'lucide-react'
import { type FormEvent, useId, useState } from 'react'
import type { Account, AccountId } from '../../../shared/account.ts'
import { Button } from '../../parts/button.tsx'
import { IconButton } from '../../parts/icon-button.tsx'
import { Problem } from '../../parts/problem.tsx'
import { sentenceOf } from '../../store/sentence.ts'
import { useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { KeepChoice } from './keep-choice.tsx'
import styles from './sign-in.module.css'
import { useKeeping } from './use-keeping.ts'

interface Props {
  /** The account to sign in to again; null adds one. */
  account: Account | null
  onDone(accountId: AccountId): void
  onCancel(): void
}

/** The sign-in form: address, key and secret. Errors are shown in the form, and the input stays. */
export function ServerForm({ account, onDone, onCancel }: Props) {
  const store = useAppStore()
  const id = useId()
  const [address, setAddress] = useState(account?.address ?? '')
  const [apiKey, setApiKey] = useState('')
  const [apiSecret, setApiSecret] = useState('')
  const [isShown, setShown] = useState(false)
  const keeping = useKeeping()
  const [problem, setProblem] = useState<string | null>(null)
  const [isSending, setSending] = useState(false)

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (isSending) return
    if (address.trim() === '' || apiKey.trim() === '' || apiSecret === '') {
      setProblem(say('signIn.missing'))
      return
    }
    setSending(true)
    setProblem(null)
    try {
      const added = await store.getState().addServer({
        accountId: account?.id ?? null,
        address: address.trim(),
        apiKey: apiKey.trim(),
        apiSecret,
        ...keeping.input,
      })
      onDone(added)
    } catch (error) {
      setProblem(sentenceOf(error))
      setSending(false)
    }
  }

  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
      <div className={styles.field}>
        <label htmlFor={`${id}-address`}>{say('signIn.address')}</label>
        <input
          id={`${id}-address`}
          className={styles.input}
          inputMode="url"
          spellCheck={false}
          autoComplete="off"
          placeholder={say('signIn.addressHint')}
          value={address}
          onChange={(event) => setAddress(event.target.value)}
        />
      </div>
      <div className={styles.field}>
        <label htmlFor={`${id}-key`}>{say('signIn.key')}</label>
        <input
          id={`${id}-key`}
          className={styles.input}
          spellCheck={false}
          autoComplete="off"
          value={apiKey}
          onChange={(event) => setApiKey(event.target.value)}
        />
      </div>
      <div className={styles.field}>
        <label htmlFor={`${id}-secret`}>{say('signIn.secret')}</label>
        <div className={styles.secret}>
          <input
            id={`${id}-secret`}
            className={styles.input}
            type={isShown ? 'text' : 'password'}
            spellCheck={false}
            autoComplete="off"
            value={apiSecret}
            onChange={(event) => setApiSecret(event.target.value)}
          />
          <IconButton
            icon={isShown ? EyeOff : Eye}
            label={say(isShown ? 'signIn.hideSecret' : 'signIn.showSecret')}
            className={styles.eye}
            onClick={() => setShown(!isShown)}
          />
        </div>
      </div>
      <KeepChoice keeping={keeping} />
      <Problem sentence={problem ?? keeping.problem} />
      <footer className={styles.foot}>
        <Button onClick={onCancel}>{say('action.cancel')}</Button>
        <Button look="primary" type="submit" aria-disabled={isSending}>
          {say(isSending ? 'signIn.checking' : 'action.signIn')}
        </Button>
      </footer>
    </form>
  )
}
