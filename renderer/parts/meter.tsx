import styles from './meter.module.css'

interface Segment {
  key: string
  percent: number
  color: string
}

interface Props {
  label: string
  /** The text for screen readers and the tooltip. */
  text: string
  percent: number
  segments: readonly Segment[]
  isThick?: boolean
}

/** A bar that shows how much of something is used, in segments from the left. */
export function Meter({ label, text, percent, segments, isThick = false }: Props) {
  return (
    <div
      className={isThick ? styles.thick : styles.meter}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(percent)}
      aria-valuetext={text}
      title={text}
    >
      {segments.map(({ key, percent: width, color }) => (
        <span key={key} style={{ width: `${Math.max(0, Math.min(100, width))}%`, background: color }} />
      ))}
    </div>
  )
}
