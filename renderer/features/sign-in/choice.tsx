import type { LucideIcon } from 'lucide-react'
import { useId } from 'react'
import { Icon } from '../../parts/icon.tsx'
import styles from './sign-in.module.css'

interface Props {
  icon: LucideIcon
  title: string
  /** What it means, or why it is not possible. */
  body: string
  isPossible?: boolean
  onChoose(): void
}

/** A choice of a list: all of it can be pressed, its title is its name, and the rest describes it. */
export function Choice({ icon, title, body, isPossible = true, onChoose }: Props) {
  const id = useId()
  return (
    <div className={styles.way}>
      <Icon of={icon} size={20} className={styles.picture} />
      <button
        type="button"
        className={styles.wayTitle}
        aria-describedby={`${id}-body`}
        aria-disabled={!isPossible}
        onClick={() => {
          if (isPossible) onChoose()
        }}
      >
        {title}
      </button>
      <p id={`${id}-body`} className={styles.wayBody}>
        {body}
      </p>
    </div>
  )
}
