import styles from './sign-in.module.css'

/** What went wrong, where it did; nothing for null. */
export function Problem({ sentence }: { sentence: string | null }) {
  if (sentence === null) return null
  return (
    <p role="alert" className={styles.problem}>
      {sentence}
    </p>
  )
}
