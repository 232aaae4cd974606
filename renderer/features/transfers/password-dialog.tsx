import { Eye, EyeOff } from 'lucide-react'
import { type FormEvent, type ReactNode, useId, useRef, useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { IconButton } from '../../parts/icon-button.tsx'
import { Problem } from '../../parts/problem.tsx'
import { say } from '../../words/say.ts'
import { visibleName } from '../../words/visible-name.ts'
import styles from './archive-password.module.css'

interface Props {
  /** The name of the archive. */
  name: string
  hint: string
  /** True if the last password did not open it. */
  isWrong: boolean
  problem: string | null
  isSending: boolean
  /** One more button. */
  other?: ReactNode
  onSubmit(password: string): void
  onClose(): void
}

/** Asks for the password of an archive. */
export function PasswordDialog({ name, hint, isWrong, problem, isSending, other, onSubmit, onClose }: Props) {
  const [password, setPassword] = useState('')
  const [isShown, setShown] = useState(false)
  const [isEmpty, setEmpty] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const id = useId()
  const shown = isEmpty ? say('password.empty') : problem

  function submit(event: FormEvent) {
    event.preventDefault()
    setEmpty(password === '')
    if (password !== '') return onSubmit(password)
    field.current?.focus()
  }

  return (
    <Dialog title={say('password.title', { name: visibleName(name) })} initialFocus={field} onClose={onClose}>
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
            aria-invalid={shown !== null}
            aria-describedby={`${id}-hint${shown === null ? '' : ` ${id}-problem`}`}
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
          {isWrong ? `${say('password.wrong')} ` : null}
          {hint}
        </p>
        <Problem sentence={shown} id={`${id}-problem`} className={styles.problem} />
        <footer className={styles.foot}>
          {other}
          <span className={styles.gap} />
          <Button onClick={onClose}>{say('action.cancel')}</Button>
          <Button look="primary" type="submit" aria-disabled={isSending}>
            {say('password.unpack')}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
