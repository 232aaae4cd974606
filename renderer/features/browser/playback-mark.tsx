import { CircleCheck } from 'lucide-react'
import { Icon } from '../../parts/icon.tsx'
import { say } from '../../words/say.ts'
import styles from './playback-mark.module.css'

declare module 'react' {
  interface CSSProperties {
    '--played'?: string
  }
}

/** A small mark behind the name of an item that was watched, or left in the middle. */
export function PlaybackMark({ isWatched, percent }: { isWatched: boolean; percent: number }) {
  if (percent > 0) {
    const label = say('list.partWatched', { percent })
    return (
      <span role="img" aria-label={label} title={label} className={styles.part} style={{ '--played': `${percent}%` }} />
    )
  }
  if (!isWatched) return null
  return (
    <span role="img" aria-label={say('list.watched')} title={say('list.watched')} className={styles.watched}>
      <Icon of={CircleCheck} size={14} />
    </span>
  )
}
