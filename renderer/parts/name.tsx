import { cutName, visibleName } from '../words/visible-name.ts'
import styles from './name.module.css'

/** A name as text in one line: where the room is short it gives way in its middle, and the ending stays. */
export function Name({ children }: { children: string }) {
  const { head, tail } = cutName(visibleName(children))
  return (
    <bdi className={styles.name}>
      <span className={styles.head}>{head}</span>
      {tail === '' ? null : <span className={styles.tail}>{tail}</span>}
    </bdi>
  )
}
