import { type FormEvent, useEffect, useId, useState } from 'react'
import { Button } from '../../parts/button.tsx'
import { Checkbox } from '../../parts/checkbox.tsx'
import { sentenceOf } from '../../store/sentence.ts'
import { useAppStore } from '../../store/use-app.ts'
import { type MessageId, say } from '../../words/say.ts'
import { problemOfHost } from './problem-of-host.ts'
import styles from './settings.module.css'

const methods = ['password', 'cookie'] as const

/** The form for a paid hoster and its credentials. Errors are shown in the form, and the input stays. */
export function HosterForm({ onDone }: { onDone(): void }) {
  const { secretProtection, putHoster } = useAppStore().getState()
  const id = useId()
  const [method, setMethod] = useState<(typeof methods)[number]>('password')
  const [typed, setTyped] = useState({ host: '', user: '', password: '', cookie: '' })
  const [protection, setProtection] = useState<'protected' | 'plain' | null>(null)
  const [isKept, setKept] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)

  useEffect(() => {
    secretProtection()
      .then((answer) => {
        setProtection(answer)
        setKept(answer === 'protected')
      })
      .catch((error: unknown) => setProblem(sentenceOf(error)))
  }, [secretProtection])

  async function submit(event: FormEvent) {
    event.preventDefault()
    const host = typed.host.trim().toLowerCase()
    const { user, password, cookie } = typed
    const isComplete = method === 'cookie' ? cookie.trim() !== '' : user.trim() !== '' && password !== ''
    const wrong = problemOfHost(host, []) ?? (isComplete ? null : say('settings.hosterMissing'))
    setProblem(wrong)
    if (wrong !== null) return
    const signIn =
      method === 'cookie' ? { with: method, cookie: cookie.trim() } : { with: method, user: user.trim(), password }
    try {
      await putHoster({ host, signIn, isKept, mayBePlain: isKept && protection === 'plain' })
      onDone()
    } catch (error) {
      setProblem(sentenceOf(error))
    }
  }

  const field = (name: keyof typeof typed, label: MessageId, isSecret = false) => (
    <div className={styles.field}>
      <label htmlFor={`${id}-${name}`}>{say(label)}</label>
      <input
        id={`${id}-${name}`}
        className={styles.input}
        type={isSecret ? 'password' : 'text'}
        spellCheck={false}
        autoComplete="off"
        value={typed[name]}
        onChange={(event) => setTyped({ ...typed, [name]: event.target.value })}
      />
    </div>
  )

  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
      {field('host', 'settings.hosterHost')}
      <fieldset className={styles.themes}>
        <legend className={styles.spoken}>{say('settings.hosterMethod')}</legend>
        {methods.map((one) => (
          <label key={one} className={styles.theme}>
            <input
              type="radio"
              name={`${id}-method`}
              className={styles.radio}
              checked={method === one}
              onChange={() => setMethod(one)}
            />
            {say(`settings.hosterMethod.${one}`)}
          </label>
        ))}
      </fieldset>
      {method === 'cookie' ? (
        field('cookie', 'settings.hosterCookie', true)
      ) : (
        <div className={styles.pair}>
          {field('user', 'settings.hosterUser')}
          {field('password', 'settings.hosterPassword', true)}
        </div>
      )}
      <div className={styles.theme}>
        <Checkbox
          id={`${id}-keep`}
          checked={isKept}
          disabled={protection === null}
          onChange={(event) => setKept(event.target.checked)}
        />
        <label htmlFor={`${id}-keep`}>{say('signIn.keep')}</label>
      </div>
      <p className={styles.hint}>
        {protection === 'plain' ? `${say('signIn.plain')} ` : null}
        {isKept ? (protection === 'protected' ? say('signIn.protected') : null) : say('settings.hosterForgets')}
      </p>
      {problem === null ? null : (
        <p role="alert" className={styles.problem}>
          {problem}
        </p>
      )}
      <div className={styles.formFoot}>
        <Button onClick={onDone}>{say('action.cancel')}</Button>
        <Button look="primary" type="submit">
          {say('settings.hosterStore')}
        </Button>
      </div>
    </form>
  )
}
