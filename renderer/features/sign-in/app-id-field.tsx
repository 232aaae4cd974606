import { useId, useState } from 'react'
import { useApp } from '../../store/use-app.ts'
import { say } from '../../words/say.ts'
import styles from './sign-in.module.css'

/** The setting for the number under which this app is registered at Put.io. It is applied while it is typed. */
export function AppIdField() {
  const id = useId()
  const stored = useApp((state) => state.settings?.putioAppId ?? null)
  const changeSettings = useApp((state) => state.changeSettings)
  const [typed, setTyped] = useState(stored ?? '')
  const isWrong = !/^\d{0,20}$/.test(typed)
  return (
    <div className={styles.wideField}>
      <label htmlFor={id}>{say('appId.label')}</label>
      <input
        id={id}
        className={styles.input}
        inputMode="numeric"
        spellCheck={false}
        autoComplete="off"
        aria-invalid={isWrong}
        aria-describedby={`${id}-hint`}
        value={typed}
        onChange={(event) => {
          const text = event.target.value.trim()
          setTyped(text)
          if (/^\d{0,20}$/.test(text)) void changeSettings({ putioAppId: text === '' ? null : text })
        }}
      />
      <p id={`${id}-hint`}>{say(isWrong ? 'appId.wrong' : 'appId.hint')}</p>
    </div>
  )
}
