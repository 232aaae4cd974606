import { Eye, EyeOff } from 'lucide-react'
import { type FormEvent, useEffect, useId, useRef, useState } from 'react'
import type { Input } from '../../../shared/contract.ts'
import { Button } from '../../parts/button.tsx'
import { IconButton } from '../../parts/icon-button.tsx'
import { Problem } from '../../parts/problem.tsx'
import { sentenceOf } from '../../store/sentence.ts'
import { useAppStore } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import { KeepChoice } from './keep-choice.tsx'
import styles from './sign-in.module.css'
import type { Keeping } from './use-keeping.ts'
import type { SignInEnd } from './use-sign-in.ts'

interface Props extends Pick<SignInEnd, 'onDone'> {
  input: Omit<Input<'accounts.signInWithToken'>, 'token'>
  keeping: Keeping
  onOther(): void
}

/** Signs in with a token that the person has. Errors are shown in the form, and the input stays. */
export function TokenForm({ input, keeping, onDone, onOther }: Props) {
  const store = useAppStore()
  const id = useId()
  const field = useRef<HTMLInputElement>(null)
  const [token, setToken] = useState('')
  const [isShown, setShown] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const [isSending, setSending] = useState(false)

  useEffect(() => field.current?.focus(), [])

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (isSending) return
    if (token.trim() === '') {
      setProblem(say('token.missing'))
      return
    }
    setSending(true)
    setProblem(null)
    try {
      const added = await store.getState().signInWithToken({ ...input, ...keeping.input, token })
      setToken('')
      onDone(added)
    } catch (error) {
      setProblem(sentenceOf(error))
      setSending(false)
    }
  }

  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
      <div className={styles.field}>
        <label htmlFor={`${id}-token`}>{say('token.label')}</label>
        <div className={styles.secret}>
          <input
            id={`${id}-token`}
            ref={field}
            className={styles.input}
            type={isShown ? 'text' : 'password'}
            maxLength={4096}
            spellCheck={false}
            autoComplete="off"
            aria-describedby={`${id}-hint`}
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
          <IconButton
            icon={isShown ? EyeOff : Eye}
            label={say(isShown ? 'token.hide' : 'token.show')}
            className={styles.eye}
            onClick={() => setShown(!isShown)}
          />
        </div>
        <p id={`${id}-hint`}>{say(input.service === null ? 'token.hint' : 'token.hintOwn')}</p>
      </div>
      <KeepChoice keeping={keeping} />
      <Problem sentence={problem ?? keeping.problem} />
      <footer className={styles.foot}>
        <Button onClick={onOther}>{say('ways.back')}</Button>
        <Button look="primary" type="submit" aria-disabled={isSending}>
          {say(isSending ? 'signIn.checking' : 'action.signIn')}
        </Button>
      </footer>
    </form>
  )
}
