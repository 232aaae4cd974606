import styles from './progress.module.css'

interface Props {
  label: string
  text: string
  percent: number
  color: string
}

/** An animated progress bar. */
export function Progress({ label, text, percent, color }: Props) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      aria-valuetext={text}
      className={styles.track}
    >
      <span className={styles.bar} style={{ transform: `scaleX(${percent / 100})`, background: color }} />
    </div>
  )
}
