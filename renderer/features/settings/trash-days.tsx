import { useId } from 'react'
import { say } from '../../words/say.ts'
import styles from './settings.module.css'

const choices = [1, 7, 14, 30, 90, 365, 0]

interface Props {
  days: number
  onChange(days: number): void
}

/** After how many days deleted items leave the trash. A number that was set elsewhere stays a choice. */
export function TrashDays({ days, onChange }: Props) {
  const id = useId()
  const all = choices.includes(days) ? choices : [days, ...choices]
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{say('settings.trashDays')}</label>
      <select id={id} className={styles.select} value={days} onChange={(event) => onChange(Number(event.target.value))}>
        {all.map((choice) => (
          <option key={choice} value={choice}>
            {say('settings.trashAfter', { days: choice })}
          </option>
        ))}
      </select>
    </div>
  )
}
