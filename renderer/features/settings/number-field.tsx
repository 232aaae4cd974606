import { useId, useState } from 'react'
import styles from './settings.module.css'

interface Props<T> {
  label: string
  shown: string
  placeholder?: string
  /** What is said when the input is not valid. */
  problem: string
  /** Returns undefined when the input is not valid. */
  parse(typed: string): T | undefined
  onChange(value: T): void
}

/** A number that is applied on blur or Enter. */
export function NumberField<T>({ label, shown, placeholder, problem, parse, onChange }: Props<T>) {
  const [typed, setTyped] = useState<string | null>(null)
  const id = useId()
  const isWrong = typed !== null && parse(typed) === undefined

  function apply() {
    const value = typed === null ? undefined : parse(typed)
    if (value === undefined) return
    setTyped(null)
    onChange(value)
  }

  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className={styles.input}
        inputMode="decimal"
        placeholder={placeholder}
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
          {problem}
        </p>
      ) : null}
    </div>
  )
}
