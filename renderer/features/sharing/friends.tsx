import { useId } from 'react'
import type { Audience } from '../../../shared/sharing.ts'
import { Checkbox } from '../../parts/checkbox.tsx'
import { say } from '../../words/say.ts'
import { visibleName } from '../../words/visible-name.ts'
import styles from './sharing.module.css'

interface Props {
  audience: Audience
  /** All friends. */
  names: readonly string[]
  onChange(audience: Audience): void
}

/** With whom an item is shared: everyone, or some friends. */
export function Friends({ audience, names, onChange }: Props) {
  const id = useId()
  const { isEveryone, people } = audience
  // Also those who are no friends any more.
  const shown = [...new Set([...names, ...people])].toSorted((one, other) => one.localeCompare(other))
  const toggle = (name: string, isIn: boolean) =>
    onChange({ isEveryone: false, people: isIn ? [...people, name] : people.filter((other) => other !== name) })
  return (
    <ul className={styles.list}>
      <li className={styles.choice}>
        <Checkbox
          id={`${id}-all`}
          checked={isEveryone}
          onChange={({ target }) => onChange({ isEveryone: target.checked, people: [] })}
        />
        <label htmlFor={`${id}-all`}>{say('sharing.everyone')}</label>
      </li>
      {shown.map((name, index) => (
        <li key={name} className={styles.choice}>
          <Checkbox
            id={`${id}-${index}`}
            checked={isEveryone || people.includes(name)}
            disabled={isEveryone}
            onChange={({ target }) => toggle(name, target.checked)}
          />
          <label htmlFor={`${id}-${index}`}>
            <bdi className={styles.name}>{visibleName(name)}</bdi>
          </label>
        </li>
      ))}
    </ul>
  )
}
