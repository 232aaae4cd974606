import { cutName, visibleName } from '../words/visible-name.ts'
import styles from './name.module.css'

/** A name in one line. If it does not fit, it is truncated in the middle, so that the extension stays visible. */
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
