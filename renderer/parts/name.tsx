import { cutName, visibleName } from '../words/visible-name.ts'
import styles from './name.module.css'

/** A name as text in one line: where the room is short it gives way in its middle, and the ending stays. */
export function Name({ children }: { children: string }) {
  const text = visibleName(children)
  const { head, tail } = cutName(text)
  if (tail === '') {
    return (
      <bdi className={styles.name}>
        <span className={styles.head}>{text}</span>
      </bdi>
    )
  }
  return (
    <bdi className={styles.name}>
      <span className={styles.whole}>{text}</span>
      <span className={styles.head} aria-hidden="true">
        {head}
      </span>
      <span className={styles.tail} aria-hidden="true">
        {tail}
      </span>
    </bdi>
  )
}
