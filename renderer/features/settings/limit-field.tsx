import { useId, useState } from 'react'
import { say } from '../../words/say.ts'
import { parseLimit } from './parse-limit.ts'
import styles from './settings.module.css'

interface Props {
  label: string
  bytesPerSecond: number | null
  onChange(bytesPerSecond: number | null): void
}

/** A speed limit in kB/s; empty means no limit. Applied on blur or Enter. */
export function LimitField({ label, bytesPerSecond, onChange }: Props) {
  const shown = bytesPerSecond === null ? '' : `${bytesPerSecond / 1000}`
  const [typed, setTyped] = useState<string | null>(null)
  const id = useId()
  const isWrong = typed !== null && parseLimit(typed) === undefined

  function apply() {
    const limit = typed === null ? undefined : parseLimit(typed)
    if (limit === undefined) return
    setTyped(null)
    if (limit !== bytesPerSecond) onChange(limit)
  }

  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className={styles.input}
        inputMode="numeric"
        placeholder={say('settings.noLimit')}
        aria-invalid={isWrong}
        aria-describedby={isWrong ? `${id}-problem` : undefined}
        value={typed ?? shown}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={apply}
        onKeyDown={(event) => {
          if (event.key === 'Enter') apply()
        }}
      />
      {isWrong ? (
        <p id={`${id}-problem`} role="alert" className={styles.problem}>
          {say('settings.limitWrong')}
        </p>
      ) : null}
    </div>
  )
}
