import { Music } from 'lucide-react'
import { useState } from 'react'
import { Icon } from '../../parts/icon.tsx'
import { say } from '../../words/say.ts'
import { Message } from './message.tsx'
import styles from './quick-look.module.css'
import type { ViewProps } from './view.ts'

/** A film or a sound, by Chromium's own decoders. */
export function MediaView({ row, url, isFilm }: ViewProps & { isFilm: boolean }) {
  const [isBroken, setBroken] = useState(false)
  if (isBroken) return <Message row={row}>{say('look.notPlayable')}</Message>
  const props = {
    src: url,
    crossOrigin: 'anonymous' as const,
    controls: true,
    autoPlay: true,
    controlsList: 'nodownload noremoteplayback',
    disableRemotePlayback: true,
    'aria-label': row.name,
    onError: () => setBroken(true),
  }
  if (isFilm) return <video {...props} disablePictureInPicture className={styles.film} />
  return (
    <div className={styles.sound}>
      <Icon of={Music} />
      <audio {...props} />
    </div>
  )
}
